"""Find the features of a deployment, check them and order them into a plan."""

__all__ = [
    "candidate",
    "discovery",
    "hints",
    "installed",
    "order",
    "plan",
    "relations",
    "reserved",
    "settings",
]
