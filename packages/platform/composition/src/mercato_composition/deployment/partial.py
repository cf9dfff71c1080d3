"""What is known of a deployment, and what a fault makes unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from mercato_kit.settings import Settings

S = TypeVar("S", bound="Settings")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Hole:
    """A value that is not known.

    Args:
        what: Its name, for messages: ``server``, ``settings of reviews``.
        because: Keys of the faults that made it; empty if it was not asked for.
    """

    what: str
    because: tuple[str, ...] = ()


class UnknownError(Exception):
    """A check read a value that is a hole; :class:`Facts` catches it."""

    def __init__(self, hole: Hole) -> None:
        super().__init__(hole.what)
        self.hole = hole


@dataclass(frozen=True)
class Partial(Generic[S]):
    """One table, as far as it is known. Its values are attributes, as those of its class.

    Args:
        what: Its name, for messages.
        values: Each value: what is said, the default of what is not, and a hole for what is wrong.
        settings: The settings; None if a value is a hole.
        because: Keys of the faults that made the holes.
    """

    what: str
    values: Mapping[str, Any] = field(default_factory=dict)
    settings: S | None = None
    because: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> Any:
        """Return a value.

        Raises:
            UnknownError: It is a hole, so that the check that reads it cannot be made.
        """
        if name.startswith("__"):
            raise AttributeError(name)
        if self.settings is not None:
            return getattr(self.settings, name)
        return known(self.values[name])

    def without(self, name: str, hole: Hole) -> Partial[S]:
        """Return the table with a hole in place of one value."""
        because = tuple(dict.fromkeys([*self.because, *hole.because]))
        return Partial(self.what, {**self.values, name: hole}, None, because)

    def whole(self) -> S | Hole:
        """Return the settings, or a hole with the faults that made one."""
        return self.settings if self.settings is not None else Hole(self.what, self.because)


def known(fact: T | Hole) -> T:
    """Return a fact.

    Raises:
        UnknownError: It is a hole.
    """
    if isinstance(fact, Hole):
        raise UnknownError(fact)
    return fact


def known_or(fact: T | Hole, default: T) -> T:
    """Return a fact, or *default* if it is a hole."""
    return default if isinstance(fact, Hole) else fact
