"""What commands show of a deployment and its plan."""

__all__ = ["contract", "example", "graph", "settings", "text"]
