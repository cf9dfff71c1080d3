"""The features of a deployment: found, checked and ordered into a plan."""

__all__ = [
    "candidate",
    "discovery",
    "installed",
    "offers",
    "order",
    "plan",
    "relations",
    "reserved",
    "settings",
]
