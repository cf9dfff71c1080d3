"""Names and URLs that belong to the platform, so no feature may take them."""

from functools import cache
from importlib.metadata import entry_points

COMMANDS = "mercato.commands"
"""The entry points of commands: the name of each, and its click command."""

PLATFORM_BLUEPRINTS = frozenset({"docs", "health", "problems"})
"""Names of the platform's own Flask blueprints."""

PLATFORM_RULES = frozenset(
    {
        "/docs",
        "/docs/<name>",
        "/healthz",
        "/metrics",
        "/openapi.json",
        "/problems/<code>",
        "/readyz",
    }
)
"""URL rules that the platform answers itself, to everyone."""

# Tables, and words that operators read as something of the platform's own.
_WORDS = frozenset("host kit mercato new openapi problems run shell".split())


@cache
def reserved_names() -> frozenset[str]:
    """Return the names that a feature cannot have: each is also a group of commands."""
    return _WORDS | {entry.name for entry in entry_points(group=COMMANDS)}
