"""Make, prove and release features."""

__all__ = ["commands", "index", "making", "wheelmaking"]
