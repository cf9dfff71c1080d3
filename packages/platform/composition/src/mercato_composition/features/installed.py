"""Find installed features in the metadata of distributions."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.parser import HeaderParser
from functools import cached_property, lru_cache
from importlib.metadata import Distribution, EntryPoint, PackageMetadata, distributions
from os import PathLike
from typing import Any, cast

from packaging.utils import canonicalize_name

from mercato_composition.faults import Place
from mercato_composition.features.reserved import FEATURES


class Known(Distribution):
    """A distribution whose metadata is parsed once.

    Args:
        found: The distribution, as ``importlib.metadata`` found it.
    """

    def __init__(self, found: Distribution) -> None:
        self._found = found

    def read_text(self, filename: str) -> str | None:
        """Return the text of one of its metadata files; None if there is none."""
        return self._found.read_text(filename)

    def locate_file(self, path: str | PathLike[str]) -> Any:
        """Return the path of one of its files."""
        return self._found.locate_file(path)

    @cached_property
    def metadata(self) -> PackageMetadata:
        """Its core metadata, without the description: it is long, and nothing here reads it."""
        text = self.read_text("METADATA") or self.read_text("PKG-INFO") or ""
        return _parse(text.partition("\n\n")[0])

    @property
    def folder(self) -> str:
        """The folder of its metadata."""
        return str(getattr(self._found, "_path", self.locate_file("")))


@lru_cache(maxsize=256)
def _parse(fields: str) -> PackageMetadata:
    return cast(PackageMetadata, HeaderParser().parsestr(fields))


@dataclass(frozen=True)
class InstalledFeature:
    """An entry point of the group ``mercato.features``, and its distribution."""

    entry_point: EntryPoint
    distribution: Known

    @property
    def name(self) -> str:
        """The feature's name."""
        return self.entry_point.name

    @property
    def is_well_formed(self) -> bool:
        """Whether the entry point names a module and something in it."""
        return self.entry_point.pattern.match(self.entry_point.value) is not None

    @property
    def package(self) -> str:
        """The import package of the entry point, also of one that is not well formed."""
        return self.entry_point.value.partition(":")[0].partition(".")[0].strip()

    @property
    def release(self) -> str:
        """Distribution and version: ``mercato-reviews 1.0.2``."""
        return f"{self.distribution.name} {self.distribution.version}"

    @property
    def place(self) -> Place:
        """The feature as the place of a fault."""
        return Place(
            feature=self.name,
            distribution=self.distribution.name,
            version=self.distribution.version,
        )

    @property
    def folder(self) -> str:
        """The folder of the distribution's metadata."""
        return self.distribution.folder


def installed_features() -> Mapping[str, list[InstalledFeature]]:
    """Return every installed feature by name; two distributions may have the same name."""
    found: dict[str, list[InstalledFeature]] = {}
    seen: set[str] = set()
    for distribution in distributions():
        entries = [entry for entry in distribution.entry_points if entry.group == FEATURES]
        # A distribution may be found in two folders of sys.path; the first one wins, as it does
        # at import.
        if not entries:
            continue
        known = Known(distribution)
        if (name := canonicalize_name(known.name)) in seen:
            continue
        seen.add(name)
        for entry in entries:
            found.setdefault(entry.name, []).append(InstalledFeature(entry, known))
    return dict(sorted(found.items()))
