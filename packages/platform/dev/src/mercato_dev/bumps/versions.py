"""The next version, by https://semver.org."""

from packaging.version import Version

from mercato_dev.levels import Level


def raise_version(version: Version, level: Level) -> Version:
    """Return the version that follows *version* after changes of *level*.

    Before 1.0 each change counts one place lower (SemVer 4): what breaks raises the minor version,
    anything else the patch. 1.0.0 is not reached by counting: it is declared by hand.
    """
    if version.major == 0:
        level = Level(max(level - 1, Level.PATCH))
    parts = {
        Level.MAJOR: (version.major + 1, 0, 0),
        Level.MINOR: (version.major, version.minor + 1, 0),
        Level.PATCH: (version.major, version.minor, version.micro + 1),
    }
    return Version(".".join(map(str, parts[level])))
