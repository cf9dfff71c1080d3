"""The commands ``mercato db``, ``mercato data`` and ``mercato doctor``."""
