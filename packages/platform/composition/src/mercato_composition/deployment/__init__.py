"""The deployment file and the environment, read into typed values."""

__all__ = ["file", "lock", "model", "packages", "places", "reader", "sections", "tables", "urls"]
