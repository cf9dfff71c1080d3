"""How much a change needs of the next version, as https://semver.org says."""

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """The part of a version that is raised; ``str()`` is its name for people, e.g. ``minor``."""

    PATCH = 1
    MINOR = 2
    MAJOR = 3

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class Reason:
    """One change, and what it needs; ``str()`` is one line for people.

    Args:
        level: What the next version must raise at least.
        where: Where it is seen: ``HTTP``, ``table``, ``manifest``, ``metadata``, ``Python`` or
            ``fragment``.
        what: What changed, e.g. ``GET /v1/orders: 200 response: field number is gone``.
    """

    level: Level
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.level!s:<5}  {self.where:<8}  {self.what}"
