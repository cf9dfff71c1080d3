"""The life of data: what a database holds, whose it is, and how it leaves."""
