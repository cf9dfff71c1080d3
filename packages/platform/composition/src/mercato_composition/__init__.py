"""The deployment file and the features that it names: read, find, check, order."""

__all__ = ["commands", "deployment", "faults", "features", "report"]
