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
    """One change, what it needs, and which part shows it; ``str()`` is one line for people."""

    level: Level
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.level!s:<5}  {self.where:<8}  {self.what}"
