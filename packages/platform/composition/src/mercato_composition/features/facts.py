"""Run checks on what is known: a check names its facts, and is not run where one is a hole."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from mercato_composition.deployment.partial import Hole, UnknownError

Check = Callable[..., Iterable[Any]]
"""A check gives faults and holes; its parameters are named like the facts that it reads."""


class Facts:
    """The facts of a deployment by name. Each is made from others when it is first asked for.

    Args:
        given: Facts that are known from the start, or holes.
        makers: Functions that make the others; their parameters are facts, too.
    """

    def __init__(self, given: Mapping[str, Any], makers: Mapping[str, Callable[..., Any]]) -> None:
        self._facts = dict(given)
        self._makers = makers
        self.holes: dict[str, Hole] = {}
        """The holes that prevented a check, by name."""

    def __getitem__(self, name: str) -> Any:
        """Return a fact, or a hole."""
        if name not in self._facts:
            self._facts[name] = self._call(self._makers[name])
        return self._facts[name]

    def run(self, checks: Iterable[Check]) -> list[Any]:
        """Return what *checks* find. A hole that one reads, or gives, is kept in ``holes``."""
        found: list[Any] = []
        for check in checks:
            result = self._call(check)
            try:
                for one in [result] if isinstance(result, Hole) else result:
                    if isinstance(one, Hole):
                        self.unknown(one)
                    else:
                        found.append(one)
            except UnknownError as error:
                self.unknown(error.hole)
        return found

    def unknown(self, hole: Hole) -> None:
        """Keep a hole that prevented a check; one that was not asked for prevents nothing."""
        if hole.because:
            self.holes.setdefault(hole.what, hole)

    def _call(self, function: Callable[..., Any]) -> Any:
        """Call a function with the facts that it names; return the hole among them, if any."""
        facts = []
        for name, takes_holes in _parameters(function):
            fact = self[name]
            if isinstance(fact, Hole) and not takes_holes:
                return fact
            facts.append(fact)
        try:
            return function(*facts)
        except UnknownError as error:
            return error.hole


@cache
def _parameters(function: Callable[..., Any]) -> list[tuple[str, bool]]:
    """Return the name of each parameter, and whether it is annotated as ``… | Hole``."""
    parameters = inspect.signature(function).parameters.values()
    return [(one.name, "Hole" in str(one.annotation)) for one in parameters]
