"""Many histories in one database: migrate, compare, archive and purge the tables of features."""

__all__ = [
    "archive",
    "checks",
    "commands",
    "drift",
    "history",
    "holdings",
    "ledger",
    "locks",
    "messages",
    "plan",
    "preview",
    "purge",
    "references",
    "revisions",
    "runner",
    "scaffold",
]
