"""Find installed features in the metadata of distributions."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions

from packaging.utils import canonicalize_name

from mercato_composition.faults import Place
from mercato_composition.features.reserved import FEATURES


@dataclass(frozen=True)
class InstalledFeature:
    """An entry point of the group ``mercato.features``, and its distribution."""

    entry_point: EntryPoint
    distribution: Distribution

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
        return str(getattr(self.distribution, "_path", self.distribution.locate_file("")))


def installed_features() -> Mapping[str, list[InstalledFeature]]:
    """Return every installed feature by name; two distributions may have the same name."""
    found: dict[str, list[InstalledFeature]] = {}
    seen: set[str] = set()
    for distribution in distributions():
        entries = [entry for entry in distribution.entry_points if entry.group == FEATURES]
        # A distribution may be found in two folders of sys.path; the first one wins, as it does
        # at import.
        if not entries or canonicalize_name(distribution.name) in seen:
            continue
        seen.add(canonicalize_name(distribution.name))
        for entry in entries:
            found.setdefault(entry.name, []).append(InstalledFeature(entry, distribution))
    return dict(sorted(found.items()))
