"""Find the features of a deployment, check them and order them into a plan."""

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
