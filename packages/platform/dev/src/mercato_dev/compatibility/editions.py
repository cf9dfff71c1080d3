"""What can be put together: this repository's wheels, and those that were released."""

import hashlib
import tempfile
import tomllib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nox
from nox.project import dependency_groups
from packaging.metadata import Metadata
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from mercato_dev.artifacts.builds import unpack
from mercato_dev.distributions import Distribution
from mercato_dev.indexes import Published, PublishedFile, fetch, sha256
from mercato_dev.units import Unit


@dataclass(frozen=True)
class Edition:
    """One version of one distribution, as a wheel.

    Args:
        short: What people call it: the name of its release unit.
        wheel: The file.
        sources: The folder with its settings and its tests.
        is_released: Whether it was released; else it is this repository's.
    """

    short: str
    wheel: Path
    sources: Path
    is_released: bool

    def __str__(self) -> str:
        return f"{self.label} ({'released' if self.is_released else 'new'})"

    @cached_property
    def metadata(self) -> Metadata:
        """What the wheel says of itself."""
        with zipfile.ZipFile(self.wheel) as wheel:
            (file,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
            return Metadata.from_email(wheel.read(file), validate=False)

    @property
    def name(self) -> str:
        """What the index calls it."""
        return canonicalize_name(self.metadata.name)

    @property
    def version(self) -> Version:
        """Which version it is."""
        return self.metadata.version

    @property
    def label(self) -> str:
        """What people call it, and its version: the same for all members of a train."""
        return f"{self.short} {self.version}"

    @cached_property
    def requirements(self) -> list[Requirement]:
        """What it needs to be installed, with any of its extras."""
        extras = ["", *(self.metadata.provides_extra or [])]
        return [
            one
            for one in self.metadata.requires_dist or []
            if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in extras)
        ]

    @cached_property
    def test_requirements(self) -> list[Requirement]:
        """What its tests need besides."""
        settings = tomllib.loads((self.sources / "pyproject.toml").read_text())
        found = [Requirement(text) for text in dependency_groups(settings, "test")]
        return [one for one in found if one.marker is None or one.marker.evaluate()]

    @cached_property
    def made_of(self) -> str:
        """Say in one word what is in the wheel, whenever it was built."""
        with zipfile.ZipFile(self.wheel) as wheel:
            inside = sorted((one.filename, one.CRC) for one in wheel.infolist())
        return hashlib.sha256(repr(inside).encode()).hexdigest()


Parts = tuple[Edition, ...]
"""One version of a release unit: the editions of its members."""


def parts_here(unit: Unit) -> Parts:
    """Return what this repository would release of *unit*."""
    return tuple(
        Edition(unit.short, item.wheel, item.folder, is_released=False) for item in unit.members
    )


def fetch_parts(
    session: nox.Session, url: str, unit: Unit, published: Mapping[Distribution, Published]
) -> Parts:
    """Take one released version of a unit from the index at *url*, whole.

    Args:
        session: Who asks.
        url: The index.
        unit: The unit.
        published: What the index has of that version, by member. What joined the unit later was
            not a part of it, and nothing of it requires that.
    """
    parts = tuple(fetch_edition(session, url, item, one) for item, one in published.items())
    ours = {item.name for item in unit.members}
    required = {canonicalize_name(one.name) for part in parts for one in part.requirements}
    for name in sorted(required.intersection(ours) - {part.name for part in parts}):
        session.error(
            f"The index has {parts[0].label} without {name}: "
            f"nox -s publish -- {unit.short}-v{parts[0].version} completes it."
        )
    return parts


def fetch_edition(
    session: nox.Session, url: str, item: Distribution, published: Published
) -> Edition:
    """Take one released version of *item* from the index at *url*: its wheel and its sources.

    What was taken before is not taken again, as long as its hash is the one that the index says.
    """
    files = [file for file in published.files if not file.yanked]
    wheels = [file for file in files if file.name.endswith(".whl")]
    sdists = [file for file in files if file.is_sdist]
    if not wheels or not sdists:
        session.error(
            f"The index has {item.name} {published.version} without its wheel or its sdist: "
            f"nox -s publish -- {item.unit}-v{published.version} completes it."
        )
    wheel = keep(session, url, item, wheels[0])
    sdist = keep(session, url, item, sdists[0])
    return Edition(item.unit, wheel, sources_of(sdist), is_released=True)


def keep(session: nox.Session, url: str, item: Distribution, file: PublishedFile) -> Path:
    """Take a file of the index, into a folder of its own that is named after its hash."""
    folder = session.cache_dir.resolve() / "released" / str(file.sha256)[:16]
    kept = folder / file.name
    if not kept.exists() or sha256(kept) != file.sha256:
        folder.mkdir(parents=True, exist_ok=True)
        fetch(session, url, item.name, file, folder)
    return kept


def sources_of(sdist: Path) -> Path:
    """Unpack an sdist beside itself, unless that was done before."""
    folder = sdist.parent / "unpacked"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=sdist.parent) as made:
            unpack(sdist, Path(made, "unpacked"))
            # In one step: wherever we are stopped, it is there whole or not at all.
            Path(made, "unpacked").rename(folder)
    (sources,) = folder.iterdir()
    return sources
