"""Version bumps, as https://semver.org defines them."""

from dataclasses import dataclass
from enum import IntEnum

from packaging.version import Version


class Level(IntEnum):
    """The part of a version that is raised; ``str()`` is its name, e.g. ``minor``."""

    PATCH = 1
    MINOR = 2
    MAJOR = 3

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class Reason:
    """One change, the level that it needs and where it was found; ``str()`` is one line."""

    level: Level
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.level!s:<5}  {self.where:<8}  {self.what}"


def raise_version(version: Version, level: Level) -> Version:
    """Return the version that follows *version* after changes of *level*.

    Before 1.0 a major change raises the minor version, and any other the patch version (SemVer 4).
    1.0.0 is never computed: a team declares it.
    """
    if version.major == 0:
        level = Level(max(level - 1, Level.PATCH))
    parts = {
        Level.MAJOR: (version.major + 1, 0, 0),
        Level.MINOR: (version.major, version.minor + 1, 0),
        Level.PATCH: (version.major, version.minor, version.micro + 1),
    }
    return Version(".".join(map(str, parts[level])))
