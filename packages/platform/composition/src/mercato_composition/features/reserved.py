"""Names and URLs that features cannot use, since they belong to the platform."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points

COMMANDS = "mercato.commands"
"""Entry point group of commands; each entry point is a click command."""

FEATURES = "mercato.features"
"""Entry point group of features; the kit names it, too, and imports Flask."""

PLATFORM_BLUEPRINTS = frozenset({"composition", "docs", "front", "health", "problems"})
"""Names of the platform's own Flask blueprints."""

PLATFORM_RULES = frozenset(
    {
        "/",
        "/composition",
        "/composition/<name>",
        "/composition/graph.svg",
        "/composition/link/<token>",
        "/docs",
        "/docs/",
        "/docs/<name>",
        "/favicon.ico",
        "/favicon.svg",
        "/healthz",
        "/metrics",
        "/openapi.json",
        "/page.css",
        "/problems",
        "/problems/<code>",
        "/readyz",
    }
)
"""URL rules that the platform itself serves."""

HOST_PERMISSIONS: Mapping[str, str] = {"host.read": "See what the deployment is composed of."}
"""Description of each permission that the host checks, by name."""

# Names of the platform's tables, words that operators would take for parts of the platform, and
# those that stand for a provider in [remote].
_WORDS = frozenset("host kit mercato new openapi problems refuse run shell skip".split())


@cache
def reserved_names() -> frozenset[str]:
    """Return the names that a feature cannot have; names of commands are among them."""
    return _WORDS | {entry.name for entry in entry_points(group=COMMANDS)}
