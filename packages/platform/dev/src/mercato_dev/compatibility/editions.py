"""The wheels that can be combined: those of this repository, and released ones."""

import hashlib
import tempfile
import tomllib
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
from mercato_dev.artifacts.comparison import read_files
from mercato_dev.distributions import Distribution
from mercato_dev.floors import applies
from mercato_dev.indexes import Published, PublishedFile, fetch, sha256
from mercato_dev.units import Unit


@dataclass(frozen=True)
class Edition:
    """One version of one distribution, as a wheel.

    Args:
        short: The name of its release unit.
        wheel: The file.
        sources: The folder with its pyproject.toml and tests.
        is_released: Whether it was released; else it is this repository's.
    """

    short: str
    wheel: Path
    sources: Path
    is_released: bool

    def __str__(self) -> str:
        return f"{self.label} ({'released' if self.is_released else 'new'})"

    @cached_property
    def files(self) -> dict[str, bytes]:
        """The files in the wheel."""
        return read_files(self.wheel)

    @cached_property
    def metadata(self) -> Metadata:
        """The metadata in the wheel."""
        (name,) = [name for name in self.files if name.endswith(".dist-info/METADATA")]
        return Metadata.from_email(self.files[name], validate=False)

    @property
    def name(self) -> str:
        """Its name in an index."""
        return canonicalize_name(self.metadata.name)

    @property
    def version(self) -> Version:
        """Its version."""
        return self.metadata.version

    @property
    def label(self) -> str:
        """The name of its unit and its version, which all members of a train share."""
        return f"{self.short} {self.version}"

    @cached_property
    def requirements(self) -> list[Requirement]:
        """Its requirements, with those of all extras."""
        extras = ["", *(self.metadata.provides_extra or [])]
        return [
            one
            for one in self.metadata.requires_dist or []
            if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in extras)
        ]

    @cached_property
    def test_requirements(self) -> list[Requirement]:
        """The requirements of its tests."""
        settings = tomllib.loads((self.sources / "pyproject.toml").read_text())
        found = [Requirement(text) for text in dependency_groups(settings, "test")]
        return [one for one in found if applies(one)]

    @cached_property
    def made_of(self) -> str:
        """A hash of the files in the wheel, whenever it was built."""
        return hashlib.sha256(repr(sorted(self.files.items())).encode()).hexdigest()


Parts = tuple[Edition, ...]
"""One version of a release unit: the editions of its members."""


def parts_here(unit: Unit) -> Parts:
    """Return the version of *unit* in this repository."""
    return tuple(
        Edition(unit.short, item.wheel, item.folder, is_released=False) for item in unit.members
    )


def fetch_parts(
    session: nox.Session, url: str, unit: Unit, published: Mapping[Distribution, Published]
) -> Parts:
    """Download one version of a unit; end the session if a required member is missing.

    Args:
        session: The session.
        url: The index.
        unit: The unit.
        published: The members of that version in the index. Newer members are not among them,
            and are not required by the others.
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
    """Download the wheel and the sources of one version of *item*, unless they are kept."""
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
    """Download a file into a folder that is named after its hash, unless it is there."""
    folder = session.cache_dir.resolve() / "released" / str(file.sha256)[:16]
    kept = folder / file.name
    if not kept.exists() or sha256(kept) != file.sha256:
        folder.mkdir(parents=True, exist_ok=True)
        fetch(session, url, item.name, file, folder)
    return kept


def sources_of(sdist: Path) -> Path:
    """Unpack an sdist beside itself, unless it is unpacked, and return the sources."""
    folder = sdist.parent / "unpacked"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=sdist.parent) as made:
            unpack(sdist, Path(made, "unpacked"))
            # Renaming is atomic: the folder is complete or absent.
            Path(made, "unpacked").rename(folder)
    (sources,) = folder.iterdir()
    return sources
