"""K104, K115, K126: choose the distribution of a feature; no sources in production."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mercato_composition.deployment import edits
from mercato_composition.deployment.file import Source
from mercato_composition.deployment.lock import INSTALL, LOCK_AND_INSTALL, Binding
from mercato_composition.deployment.model import FeatureChoice
from mercato_composition.deployment.packages import requirement_of
from mercato_composition.faults import Fault
from mercato_composition.features.installed import InstalledFeature


def choose(
    choice: FeatureChoice,
    entries: Sequence[InstalledFeature],
    bound: Binding | None,
    *,
    source: Source,
    production: bool,
) -> InstalledFeature | Fault:
    """Choose one of the installed entry points for a feature.

    The lock decides, else the file's ``package``; without both there must be exactly one. In
    production with a lock, only the package that the lock names is accepted.

    Args:
        choice: The feature's table in the deployment file.
        entries: The entry points of its name, one or more.
        bound: Its binding in the lock, if there is one.
        source: The deployment file, for fixes.
        production: Whether the environment is production.
    """
    wanted = None if "package" in choice.unknown else _wanted(choice)
    named = canonicalize_name(bound.distribution) if bound else wanted and _name_of(wanted)
    fitting = [entry for entry in entries if canonicalize_name(entry.distribution.name) == named]
    if bound is not None and production:
        fitting = [entry for entry in fitting if entry.package == bound.package]
        if not fitting:
            return _hijacked(choice, entries, bound)
    if not fitting and len(entries) == 1:
        fitting = list(entries)
    if not fitting:
        return _claimed_twice(choice, entries, source)
    chosen = fitting[0]
    if wanted is not None and not _is_named(chosen, wanted):
        return _other(choice, chosen, wanted, source)
    is_editable = choice.editable or "editable" in choice.unknown
    if production and not is_editable and (folder := _sources_of(chosen)):
        return _unpackaged(choice, chosen, folder, source)
    return chosen


def _wanted(choice: FeatureChoice) -> Requirement | None:
    """Return the requirement that the file names; None if it names none, or not a valid one."""
    return None if choice.package is None else requirement_of(choice)


def _name_of(requirement: Requirement) -> str:
    return canonicalize_name(requirement.name)


def _is_named(entry: InstalledFeature, wanted: Requirement) -> bool:
    distribution = entry.distribution
    is_it = canonicalize_name(distribution.name) == _name_of(wanted)
    return is_it and wanted.specifier.contains(distribution.version, prereleases=True)


def _other(
    choice: FeatureChoice, entry: InstalledFeature, wanted: Requirement, source: Source
) -> Fault:
    """Return the fault of an installed feature that is not what ``package`` names (K126)."""
    what = f"the file names {wanted}; installed is {entry.release}, at {entry.folder}."
    path = ("features", choice.name, "package")
    fixes = (
        edits.set_value(source, path, entry.distribution.name, "choice"),
        replace(LOCK_AND_INSTALL, certainty="choice"),
    )
    return Fault("K126", choice.place, what, fixes, feature=choice.name)


def _claimed_twice(
    choice: FeatureChoice, entries: Sequence[InstalledFeature], source: Source
) -> Fault:
    lines = [f"{entry.release} at {entry.folder}" for entry in entries]
    what = "\n".join([f"{len(entries)} distributions provide a feature of this name:", *lines])
    path, names = ("features", choice.name, "package"), [one.distribution.name for one in entries]
    fixes = tuple(edits.set_value(source, path, name, "choice") for name in names)
    return Fault("K104", choice.place, what, fixes, feature=choice.name)


def _hijacked(choice: FeatureChoice, entries: Sequence[InstalledFeature], bound: Binding) -> Fault:
    lines = [f"{entry.release}, {entry.entry_point.value}, at {entry.folder}" for entry in entries]
    locked = f"the lock names the package {bound.package} of {bound.distribution}; installed is:"
    what = "\n".join([locked, *lines, "find out who installed the other package"])
    return Fault("K104", choice.place, what, (INSTALL,), feature=choice.name)


def _sources_of(entry: InstalledFeature) -> str | None:
    """Return the folder of sources that a distribution runs from; None for a wheel."""
    if entry.folder.endswith((".egg-info", ".egg-link")):
        return entry.folder
    origin = json.loads(entry.distribution.read_text("direct_url.json") or "{}")
    if origin.get("dir_info", {}).get("editable"):
        return str(origin.get("url", entry.folder)).removeprefix("file://")
    return None


def _unpackaged(
    choice: FeatureChoice, entry: InstalledFeature, folder: str, source: Source
) -> Fault:
    what = f"it runs from the folder {folder}, which can change while a server runs."
    path = ("features", choice.name, "editable")
    fixes = (
        replace(LOCK_AND_INSTALL, certainty="choice"),
        edits.set_value(source, path, value=True, certainty="choice"),
    )
    return Fault("K115", entry.place, what, fixes, feature=choice.name)
