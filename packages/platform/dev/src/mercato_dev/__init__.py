"""Make, test and release features of Mercato."""

__all__ = ["commands", "index", "index_server", "scaffold", "sessions", "wheel_writer"]
