"""The commands ``mercato db``, ``data``, ``doctor`` and ``secrets``."""
