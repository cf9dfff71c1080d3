"""What the commands print about a deployment and its plan."""

__all__ = ["contract", "example", "graph", "settings", "text"]
