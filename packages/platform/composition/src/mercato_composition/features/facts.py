"""Run checks on what is known: a check names its facts, and is not run where one is a hole."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from mercato_composition.deployment.partial import Hole, UnknownError
from mercato_composition.faults import Fault

Check = Callable[..., Iterable[Fault]]
"""A check; the names of its parameters are those of the facts that it reads."""


class Facts:
    """The facts of a deployment by name. Each is made from others when it is first asked for.

    Args:
        given: Facts that are known from the start, or holes.
        makers: Functions that make the others; their parameters are facts, too.
        holes: The holes that prevented a check, by name; several facts may share the mapping.
    """

    def __init__(
        self,
        given: Mapping[str, Any],
        makers: Mapping[str, Callable[..., Any]],
        holes: dict[str, Hole] | None = None,
    ) -> None:
        self._facts = dict(given)
        self._makers = makers
        self.holes: dict[str, Hole] = {} if holes is None else holes

    def but(self, **given: Any) -> Facts:
        """Return these facts with others in their place; what is made from them is made anew."""
        return Facts(self._facts | given, self._makers, self.holes)

    def __getitem__(self, name: str) -> Any:
        """Return a fact, or a hole."""
        if name not in self._facts:
            self._facts[name] = self._call(self._makers[name])
        return self._facts[name]

    def faults(self, checks: Iterable[Check]) -> list[Fault]:
        """Run *checks*, and return the faults that they find."""
        found: list[Fault] = []
        for check in checks:
            hole = self._call(lambda *facts, check=check: found.extend(check(*facts)), check)
            if isinstance(hole, Hole):
                self.holes.setdefault(hole.what, hole)
        return found

    def _call(self, function: Callable[..., Any], like: Callable[..., Any] | None = None) -> Any:
        """Call *function* with the facts that it, or *like*, names; return the hole among them."""
        facts = []
        for name, takes_holes in _parameters(like or function):
            fact = self[name]
            if isinstance(fact, Hole) and not takes_holes:
                return fact
            facts.append(fact)
        try:
            return function(*facts)
        except UnknownError as unknown:
            return unknown.hole


@cache
def _parameters(function: Callable[..., Any]) -> list[tuple[str, bool]]:
    """Return the name of each parameter, and whether it is annotated as ``… | Hole``."""
    parameters = inspect.signature(function).parameters.values()
    return [(one.name, "Hole" in str(one.annotation)) for one in parameters]
