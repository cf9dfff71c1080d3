"""K104, K115: choose the distribution of a feature, and refuse sources in production."""

from __future__ import annotations

import json
from collections.abc import Sequence

from packaging.utils import canonicalize_name

from mercato_composition.deployment.lock import Binding
from mercato_composition.deployment.model import FeatureChoice
from mercato_composition.deployment.packages import requirement_of
from mercato_composition.faults import Fault, Outside
from mercato_composition.features.installed import InstalledFeature


def choose(
    choice: FeatureChoice,
    entries: Sequence[InstalledFeature],
    bound: Binding | None,
    *,
    production: bool,
) -> InstalledFeature | Fault:
    """Choose one of the installed entry points for a feature.

    The lock decides, else the file's ``package``; without both there must be exactly one. In
    production with a lock, only the package that the lock names is accepted.

    Args:
        choice: The feature's table in the deployment file.
        entries: The entry points of its name, one or more.
        bound: Its binding in the lock, if there is one.
        production: Whether the environment is production.
    """
    named = _named(choice, bound)
    fitting = [entry for entry in entries if canonicalize_name(entry.distribution.name) == named]
    if bound is not None and production:
        fitting = [entry for entry in fitting if _package(entry) == bound.package]
        if not fitting:
            return _hijacked(choice, entries, bound)
    if not fitting and len(entries) == 1:
        fitting = list(entries)
    if not fitting:
        return _claimed_twice(choice, entries)
    if production and not choice.editable and (folder := _sources_of(fitting[0])):
        return _unpackaged(choice, fitting[0], folder)
    return fitting[0]


def _named(choice: FeatureChoice, bound: Binding | None) -> str | None:
    if bound is not None:
        return canonicalize_name(bound.distribution)
    if choice.package is None:
        return None
    requirement = requirement_of(choice)
    return None if isinstance(requirement, Fault) else canonicalize_name(requirement.name)


def _package(entry: InstalledFeature) -> str:
    return entry.entry_point.module.partition(".")[0]


def _claimed_twice(choice: FeatureChoice, entries: Sequence[InstalledFeature]) -> Fault:
    lines = [f"{entry.release} at {entry.folder}" for entry in entries]
    what = "\n".join([f"{len(entries)} distributions provide a feature of this name:", *lines])
    pin = " or ".join(f'package = "{entry.distribution.name}"' for entry in entries)
    fix = f"choose one in [features.{choice.name}]: {pin}; or uninstall the others"
    return Fault(
        "K104",
        choice.place,
        what,
        (Outside(fix),),
        feature=choice.name,
    )


def _hijacked(choice: FeatureChoice, entries: Sequence[InstalledFeature], bound: Binding) -> Fault:
    lines = [f"{entry.release}, {entry.entry_point.value}, at {entry.folder}" for entry in entries]
    locked = f"the lock names the package {bound.package} of {bound.distribution}; installed is:"
    fix = (
        "run `mercato install` and start the environment that it prints; "
        "find out who installed the other package"
    )
    what = "\n".join([locked, *lines])
    return Fault(
        "K104",
        choice.place,
        what,
        (Outside(fix),),
        feature=choice.name,
    )


def _sources_of(entry: InstalledFeature) -> str | None:
    """Return the folder of sources that a distribution runs from; None for a wheel."""
    if entry.folder.endswith((".egg-info", ".egg-link")):
        return entry.folder
    origin = json.loads(entry.distribution.read_text("direct_url.json") or "{}")
    if origin.get("dir_info", {}).get("editable"):
        return str(origin.get("url", entry.folder)).removeprefix("file://")
    return None


def _unpackaged(choice: FeatureChoice, entry: InstalledFeature, folder: str) -> Fault:
    what = f"it runs from the folder {folder}, which can change while a server runs."
    fix = f"build and install its wheel, or write editable = true in [features.{choice.name}]"
    return Fault("K115", entry.place, what, (Outside(fix),), feature=choice.name)
