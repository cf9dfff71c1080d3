"""A pytest plugin that runs a feature in the real host, and tests that every feature inherits."""

__all__ = [
    "client",
    "conformance",
    "databases",
    "identity",
    "network",
    "plugin",
    "postgresql",
    "samples",
    "stage",
    "statements",
]
