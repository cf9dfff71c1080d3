"""The building blocks of Mercato features, independent of any feature or host."""

__all__ = [
    "composition",
    "db",
    "errors",
    "events",
    "feature",
    "http",
    "identity",
    "jobs",
    "keys",
    "migrations",
    "models",
    "outbox",
    "policies",
    "principals",
    "schemas",
    "services",
    "settings",
    "transactions",
    "work",
]
