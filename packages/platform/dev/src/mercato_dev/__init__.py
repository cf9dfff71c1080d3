"""Make, prove and release features."""

__all__ = ["commands", "index", "index_server", "scaffold", "sessions", "wheel_writer"]
