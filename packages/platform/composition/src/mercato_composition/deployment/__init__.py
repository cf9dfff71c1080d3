"""A deployment, as its file and the environment describe it."""

__all__ = ["file", "lock", "model", "packages", "places", "reader", "sections", "tables"]
