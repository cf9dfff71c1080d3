"""Migrate, compare, archive and purge the tables of features, each with its own history."""

__all__ = [
    "archive",
    "checks",
    "commands",
    "drift",
    "faults",
    "history",
    "holdings",
    "ledger",
    "locks",
    "plan",
    "preview",
    "purge",
    "references",
    "revisions",
    "runner",
    "scaffold",
]
