"""Read a deployment file, find the features that it names, check them and order them."""

__all__ = ["commands", "deployment", "faults", "features", "report"]
