"""Commands for the tables and the data of features."""
