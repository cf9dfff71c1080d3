"""A route as its feature declares it."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import getsourcefile, unwrap
from typing import Any

from mercato_kit.errors import Problem
from mercato_kit.http.stored_answers import Unstored
from mercato_kit.policies import Policy

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_QUERIES = frozenset({"query", "querystring"})


@dataclass(frozen=True, slots=True)
class Route:
    """A route as declared by its feature; for the other members see :meth:`Blueprint.route`.

    Args:
        rule: The URL rule, without the blueprint's prefix.
        endpoint: The endpoint, without the blueprint's name.
        view: The view function.
    """

    rule: str
    methods: tuple[str, ...]
    endpoint: str
    allow: Policy | None
    idempotent: bool
    guest_scope: str | None
    guest_header: str | None
    unstored: Unstored
    if_match: bool
    public_cache: bool
    view: Callable[..., Any]
    refuses: tuple[type[Problem], ...] = ()
    expands: tuple[type[Any], str] | None = None
    prepare: Callable[..., Any] | None = None
    body_bytes: int | None = None
    remote: bool = False

    @property
    def has_query(self) -> bool:
        """Whether the view reads the query string."""
        return any(self.arguments(place) for place in _QUERIES)

    @property
    def has_body(self) -> bool:
        """Whether the view reads a JSON body."""
        return bool(self.arguments("json"))

    def arguments(self, place: str) -> list[Any]:
        """Return the schemas of arguments in *place*: ``json``, ``query``, ``headers``, …"""
        documented = vars(self.view).get("_apidoc", {}).get("arguments", {})
        parameters = documented.get("parameters", ())
        return [one["schema"] for one in parameters if one["in"] == place and "schema" in one]

    @property
    def where(self) -> str:
        """File and line of the view."""
        function = unwrap(self.view)
        return f"{getsourcefile(function)}:{function.__code__.co_firstlineno}"
