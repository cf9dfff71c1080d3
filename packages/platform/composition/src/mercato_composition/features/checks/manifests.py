"""K105, K106, K107, K118: the rules that one manifest must follow by itself."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import distribution, version
from itertools import chain
from pathlib import Path
from typing import TypeVar

import click
import sqlalchemy as sa
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from mercato_composition.deployment.model import Deployment
from mercato_composition.faults import Fault
from mercato_composition.features import conditional as gluing
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.discovery import maintainers_of
from mercato_composition.features.reserved import reserved_names
from mercato_kit.events import Handler
from mercato_kit.feature import Check, Feature, Glue, Need, Offer
from mercato_kit.http import Blueprint
from mercato_kit.jobs import Job
from mercato_kit.migrations import head
from mercato_kit.settings import Settings

T = TypeVar("T")

_NAME = re.compile(r"[a-z][a-z0-9_]{0,29}", re.ASCII)

_LISTS: Mapping[str, type] = {
    "blueprints": Blueprint,
    "needs": Need,
    "offers": Offer,
    "publishes": str,
    "handles": Handler,
    "jobs": Job,
    "health": Check,
    "doctor": Check,
    "glue": Glue,
}
"""Fields that are sequences, and of what."""

_MAPPINGS: Mapping[str, str] = {
    "permissions": "what they allow",
    "excludes": "reasons",
}
"""Fields that are mappings of names, and to what."""

_SINGLES: Mapping[str, type] = {
    "development_only": str,
    "metadata": sa.MetaData,
    "migrations": Path,
    "cli": click.Group,
}
"""Fields that are None or one of these."""


def well_formed(features: Sequence[Candidate], _deployment: Deployment) -> Iterator[Fault]:
    """Check the types and ranges in each manifest (K106)."""
    for feature in features:
        fix = f"tell its maintainers{_address(feature)}"
        for field, value, expected in _misfits(feature.manifest):
            yield feature.fault("K106", f"{field} is {value!r}; expected {expected}.", fix)


def names(features: Sequence[Candidate], _deployment: Deployment) -> Iterator[Fault]:
    """Check the names of features and of their tables (K107)."""
    for feature in features:
        name = feature.name
        if not _NAME.fullmatch(name) or name.endswith("_"):
            what = (
                f"{name!r} is not a valid feature name: "
                "lower-case letters, digits and _, at most 30 characters."
            )
            yield feature.fault("K107", what, "rename it, for example 'gift_cards'")
        elif name in reserved_names():
            what = f"{name!r} is reserved."
            yield feature.fault("K107", what, "rename it, for example 'gift_cards'")
        for table in _tables_of(feature.manifest):
            if not table.startswith(f"{name}_"):
                what = f"its table {table!r} does not start with '{name}_'."
                fix = f"rename the table, for example '{name}_{table.rpartition('_')[2]}'"
                yield feature.fault("K107", what, fix)


def kit_ranges(features: Sequence[Candidate], _deployment: Deployment) -> Iterator[Fault]:
    """Check that each feature was built for the kit that runs (K105)."""
    running = version("mercato-kit")
    for feature in features:
        if feature.kit is None or SpecifierSet(feature.kit).contains(running, prereleases=True):
            continue
        what = (
            f"was built for mercato-kit {feature.kit}; this host runs mercato-kit {running}.\n"
            "nothing was started with it left out"
        )
        fix = f"install a release of {feature.distribution or feature.name} that fits the kit"
        yield feature.fault("K105", what, f"{fix}, or the kit it was built for")


def migrations_packed(features: Sequence[Candidate], _deployment: Deployment) -> Iterator[Fault]:
    """Check that declared migrations are inside the wheel (K118)."""
    for feature in features:
        folder = feature.manifest.migrations
        if folder is not None and head(folder) is None:
            what = f"declares migrations, and there are none in {folder}."
            fix = 'build the wheel with them: [tool.hatch.build.targets.wheel] packages = ["src/…"]'
            yield feature.fault("K118", what, fix)


def _address(feature: Candidate) -> str:
    return maintainers_of(distribution(feature.distribution)) if feature.distribution else ""


def _misfits(manifest: Feature) -> Iterator[tuple[str, object, str]]:
    for name in ("name", "summary"):
        if not isinstance(getattr(manifest, name), str):
            yield name, getattr(manifest, name), "text"
    for name, kind in _LISTS.items():
        yield from _list_misfits(name, getattr(manifest, name), kind)
    yield from _single_misfits(manifest)
    # What a manifest holds is not what its types say, or this check were not needed.
    settings: object = manifest.settings
    if settings is not None and not _is_settings(settings):
        yield "settings", settings, "a subclass of mercato_kit.settings.Settings"
    yield from chain(_range_misfits(manifest), _double_names(manifest), _glue_misfits(manifest))


def _single_misfits(manifest: Feature) -> Iterator[tuple[str, object, str]]:
    for name, kind in _SINGLES.items():
        value = getattr(manifest, name)
        if value is not None and not isinstance(value, kind):
            yield name, value, f"a {kind.__name__} or None"
    for name, meaning in _MAPPINGS.items():
        if not isinstance(value := getattr(manifest, name), Mapping):
            yield name, value, f"a mapping of names to {meaning}"


def _list_misfits(name: str, value: object, kind: type) -> Iterator[tuple[str, object, str]]:
    expected = f"a list of {kind.__name__}"
    if isinstance(value, str) or not isinstance(value, Sequence):
        yield name, value, expected
        return
    for number, item in enumerate(value):
        if not isinstance(item, kind):
            plain = "; a plain Flask blueprint states no policies" if kind is Blueprint else ""
            yield f"{name}[{number}]", item, f"a {kind.__module__}.{kind.__name__}{plain}"


def _range_misfits(manifest: Feature) -> Iterator[tuple[str, object, str]]:
    if manifest.kit is not None and not _parses(SpecifierSet, manifest.kit):
        yield "kit", manifest.kit, "a PEP 440 range such as '>=1.0,<2'"
    for number, need in enumerate(_only(manifest.needs, Need)):
        if not _parses(SpecifierSet, need.versions):
            yield f"needs[{number}].versions", need.versions, "a PEP 440 range such as '>=1,<2'"
    for number, offer in enumerate(_only(manifest.offers, Offer)):
        if not _parses(Version, offer.version):
            yield f"offers[{number}].version", offer.version, "a PEP 440 version such as '1.0'"
        factory: object = offer.factory
        if not callable(factory):
            yield f"offers[{number}].factory", factory, "a class or a function"


def _double_names(manifest: Feature) -> Iterator[tuple[str, object, str]]:
    """Report handlers and jobs with one name: the name identifies them, so one would be lost."""
    named = {
        "handles": [handler.name for handler in _only(manifest.handles, Handler)],
        "jobs": [job.name for job in _only(manifest.jobs, Job)],
    }
    for field, names_ in named.items():
        for number, name in enumerate(names_):
            if name in names_[:number]:
                yield f"{field}[{number}].name", name, "a name of its own"


def _glue_misfits(manifest: Feature) -> Iterator[tuple[str, object, str]]:
    for number, glue in enumerate(_only(manifest.glue, Glue)):
        for name, value, expected in gluing.misfits(glue):
            yield f"glue[{number}].{name}", value, expected


def _only(values: object, kind: type[T]) -> list[T]:
    if isinstance(values, str) or not isinstance(values, Sequence):
        return []
    return [item for item in values if isinstance(item, kind)]


def _is_settings(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Settings)


def _parses(parse: Callable[[str], object], text: object) -> bool:
    try:
        parse(str(text))
    except (InvalidSpecifier, InvalidVersion):
        return False
    return True


def _tables_of(manifest: Feature) -> list[str]:
    return sorted(manifest.metadata.tables) if manifest.metadata is not None else []
