"""Find and load the manifests that a deployment names, and collect all failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import Distribution
from types import TracebackType

from packaging.utils import canonicalize_name

from mercato_composition.deployment import edits
from mercato_composition.deployment.draft import Draft
from mercato_composition.deployment.lock import INSTALL, LOCK_AND_INSTALL, Lock
from mercato_composition.deployment.model import FeatureChoice
from mercato_composition.deployment.packages import requirement_of
from mercato_composition.faults import (
    Certainty,
    Command,
    Fault,
    Fix,
    Outside,
    Place,
    did_you_mean,
    mercato,
    nearest,
)
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.choice import choose
from mercato_composition.features.environment import requirements, unmet_requirements
from mercato_composition.features.hints import items
from mercato_composition.features.installed import InstalledFeature, installed_features
from mercato_composition.features.lock_check import read_lock
from mercato_kit.composition import NotComposedError
from mercato_kit.feature import Decorates, Feature, Offer

_LIBRARIES = frozenset(
    "flask importlib mercato_composition mercato_kit sqlalchemy svcs werkzeug".split()
)

_ISSUES = frozenset({"issues", "issue tracker", "bug tracker", "bug reports", "bugs", "tracker"})
"""Labels of the issue tracker's URL in the metadata of wheels, in lower case."""

_OUTSIDE = "Working outside of application context"
"""The start of Flask's message if there is no app yet."""


Unloaded = Mapping[str, Collection[str] | None]
"""Ids of the contracts that a named feature would answer that was not loaded; None if unknown."""


def find(draft: Draft, extra: Iterable[Feature] = ()) -> tuple[list[Candidate], list[Fault]]:
    """Load the manifests of the features that *draft* names.

    Args:
        draft: The deployment.
        extra: Manifests that are composed too, whether the deployment names them or not.

    Returns:
        The loaded features, and the faults of the others.
    """
    known = installed_features()
    features: list[Candidate] = []
    lock, faults = read_lock(draft)
    extra = list(extra)
    extra_names = Counter(manifest.name for manifest in extra)
    for name, choice in draft.features.items():
        if name in extra_names:
            continue
        loaded = _find_one(choice, known, draft, lock)
        if isinstance(loaded, Fault):
            faults.append(loaded)
        else:
            features.append(_as_chosen(loaded, choice))
    for manifest in extra:
        candidate = Candidate(manifest, kit=manifest.kit)
        features.append(_as_chosen(candidate, draft.features.get(manifest.name)))
    for name in (name for name, count in extra_names.items() if count > 1):
        what = "two manifests of this name were handed to create_app."
        faults.append(
            Fault("K102", Place(feature=name), what, (Outside("keep one of them"),), feature=name)
        )
    return features, faults


def load_others(names: Collection[str]) -> Iterator[Candidate]:
    """Load the installed features that are not among *names*, without those that cannot be."""
    for name, entries in installed_features().items():
        if name not in names and len(entries) == 1:
            feature = load(entries[0])
            if isinstance(feature, Candidate):
                yield feature


def unloaded(
    choices: Mapping[str, FeatureChoice], loaded: Sequence[Candidate], features: Sequence[Candidate]
) -> Unloaded:
    """Return what the named features that take no part would offer.

    Of a feature that is not installed, it is what the one with the most similar name offers.

    Args:
        choices: The features that the deployment names.
        loaded: Those whose manifests were loaded.
        features: Those that take part.
    """
    missing = choices.keys() - {one.name for one in features}
    if not missing:
        return {}
    known, manifests = installed_features(), {one.name: one.manifest for one in loaded}
    found: dict[str, Collection[str] | None] = {}
    for name in missing:
        manifest = manifests.get(name)
        if name not in known and (close := nearest(name, known)):
            similar = load(known[close][0])
            manifest = similar.manifest if isinstance(similar, Candidate) else None
        found[name] = _ids_in(manifest) if manifest else None
    return found


def _ids_in(manifest: Feature) -> Collection[str]:
    """Return the ids of the contracts that a feature offers or decorates."""
    offered = {offer.id for offer in items(manifest.offers, Offer)}
    return offered | {one.id for one in items(manifest.decorates, Decorates)}


def may_offer(contract: str, unloaded: Unloaded) -> tuple[str, ...]:
    """Return the named features that take no part, and that may offer *contract*."""
    return tuple(
        name for name, offers in sorted(unloaded.items()) if offers is None or contract in offers
    )


def is_left_out(contract: str, unloaded: Unloaded, choices: Mapping[str, FeatureChoice]) -> bool:
    """Tell whether *contract* may be offered by a feature that the deployment starts without."""
    return any(not choices[name].required for name in may_offer(contract, unloaded))


def load(entry: InstalledFeature) -> Candidate | Fault:
    """Import one manifest, if its distribution's requirements are met."""
    if missing := list(unmet_requirements(entry.distribution)):
        what = "\n".join(missing)
        return Fault("K117", entry.place, what, (LOCK_AND_INSTALL,), feature=entry.name)
    try:
        manifest = entry.entry_point.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - an import may fail in any way
        return _import_fault(entry, error)
    address = maintainers_of(entry.distribution)
    if not isinstance(manifest, Feature):
        what = f"{entry.entry_point.value} is of the type {type(manifest).__name__}, not a Feature."
        return Fault(
            "K106",
            entry.place,
            what,
            (Outside(f"tell its maintainers{address}"),),
            feature=entry.name,
        )
    if manifest.name != entry.name:
        what = f"its manifest is named {manifest.name!r}, but its entry point {entry.name!r}."
        fix = f"use one name; tell its maintainers{address}"
        return Fault("K106", entry.place, what, (Outside(fix),), feature=entry.name)
    kit = manifest.kit or _kit_required_by(entry.distribution)
    return Candidate(manifest, entry.distribution.name, entry.distribution.version, kit)


def _as_chosen(feature: Candidate, choice: FeatureChoice | None) -> Candidate:
    if choice is None:
        return feature
    return replace(feature, required=choice.required, mount=choice.mount)


def _find_one(
    choice: FeatureChoice,
    known: Mapping[str, list[InstalledFeature]],
    draft: Draft,
    lock: Lock | None,
) -> Candidate | Fault:
    entries = known.get(choice.name, [])
    if not entries:
        names = ", ".join(known) or "none"
        what = (
            f"no installed distribution provides a feature {choice.name!r}."
            f"{did_you_mean(choice.name, known)} Installed features: {names}"
        )
        fixes = _how_to_get(choice, known, draft, lock)
        return Fault("K101", choice.place, what, fixes, feature=choice.name)
    production = draft.environment == "production"
    bound = lock.bindings.get(choice.name) if lock else None
    chosen = choose(choice, entries, bound, source=draft.source, production=production)
    if isinstance(chosen, Fault):
        return chosen
    loaded = load(chosen)
    if isinstance(loaded, Fault) and loaded.code == "K103":
        return _with_extra(loaded, choice, chosen.distribution, draft)
    return loaded


def _how_to_get(
    choice: FeatureChoice, known: Collection[str], draft: Draft, lock: Lock | None
) -> tuple[Fix, ...]:
    """Return the fixes of a name that is not installed: the name that was meant, or to install."""
    path = ("features", choice.name)
    close = nearest(choice.name, sorted(set(known) - draft.features.keys()))
    meant = [edits.rename(draft.source, path, close, "choice")] if close else []
    return (*meant, _install(choice.name, draft, lock, "choice" if meant else "sure"))


def _install(name: str, draft: Draft, lock: Lock | None, certainty: Certainty) -> Fix:
    """Return the command that installs a feature: in production, only what the lock names."""
    if draft.environment == "production":
        command = INSTALL if lock and name in lock.bindings else LOCK_AND_INSTALL
    else:
        command = mercato("install", "--here")
    return replace(command, certainty=certainty)


def _with_extra(
    fault: Fault, choice: FeatureChoice, distribution: Distribution, draft: Draft
) -> Fault:
    """Let the fault of a missing module name the extra that brings it, if there is one."""
    error = fault.cause
    module = error.name if isinstance(error, ModuleNotFoundError) else None
    extra = _extra_with(distribution, module) if module else None
    if extra is None:
        return fault
    package = f"{distribution.name}[{extra}]"
    named = requirement_of(choice)
    if named is not None:
        package += str(named.specifier)
    edit = edits.set_value(draft.source, ("features", choice.name, "package"), package)
    # The lock does not name the extra, so it has to be made again.
    return replace(fault, fixes=(edit, _install(choice.name, draft, None, "sure")))


def _import_fault(entry: InstalledFeature, error: BaseException) -> Fault:
    if not entry.is_well_formed:
        what = f"its entry point is {entry.entry_point.value!r}; expected module:name."
        tell = Outside(f"tell its maintainers{maintainers_of(entry.distribution)}")
        return Fault("K106", entry.place, what, (tell,), feature=entry.name)
    module = entry.entry_point.module
    if isinstance(error, ModuleNotFoundError) and error.name in _packages_of(module):
        what = f"its entry point names {module}, but there is no module {error.name}."
        removed = Command((("rm", "-r", entry.folder),))
        return Fault("K116", entry.place, what, (removed,), feature=entry.name)
    place = _place_of(error)
    if isinstance(error, NotComposedError) or str(error).startswith(_OUTSIDE):
        what = f"{place or 'its code'} uses a service, a setting or the app while it is imported."
        move = Outside("move the call into the function that needs its result")
        fault = Fault("K505", entry.place, what, (move,), feature=entry.name)
        return replace(fault, cause=error)
    lines = [f"importing {module} failed: {type(error).__name__}: {error}"]
    lines += [f"at {place}"] if place else []
    if isinstance(error, ModuleNotFoundError) and error.name:
        lines.append(f"the missing module is {error.name!r}")
    lines.append("the other features were checked too")
    ask = f"install what it needs, or tell its maintainers{maintainers_of(entry.distribution)}"
    what = "\n".join(lines)
    return Fault("K103", entry.place, what, (Outside(ask),), feature=entry.name, cause=error)


def _packages_of(module: str) -> set[str]:
    parts = module.split(".")
    return {".".join(parts[:length]) for length in range(1, len(parts) + 1)}


def _place_of(error: BaseException) -> str:
    """Return file and line of what cannot be compiled, else of the code that ran last."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    return _caller(error.__traceback__)


def _caller(trace: TracebackType | None) -> str:
    """Return file and line of the code that ran last, libraries skipped; empty if there is none."""
    place = ""
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__", "").partition(".")[0] not in _LIBRARIES:
            place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _kit_required_by(distribution: Distribution) -> str | None:
    for requirement in requirements(distribution):
        if canonicalize_name(requirement.name) == "mercato-kit" and requirement.specifier:
            return str(requirement.specifier)
    return None


def _extra_with(distribution: Distribution, module: str) -> str | None:
    """Return the extra with a requirement that is named like *module*."""
    wanted = canonicalize_name(module.partition(".")[0])
    for extra in distribution.metadata.get_all("Provides-Extra") or ():
        for requirement in requirements(distribution):
            marker = requirement.marker
            if canonicalize_name(requirement.name) != wanted or marker is None:
                continue
            if marker.evaluate({"extra": extra}) and not marker.evaluate({"extra": ""}):
                return str(extra)
    return None


def maintainers_of(distribution: Distribution) -> str:
    """Return ``: `` and the URL of a distribution's issue tracker; empty if it has no URL.

    Its first URL is used if none is labelled as the issue tracker.
    """
    urls = [line.partition(",") for line in distribution.metadata.get_all("Project-URL") or ()]
    issues = [url for label, _, url in urls if label.strip().lower() in _ISSUES]
    addresses = issues or [url for _, _, url in urls]
    return f": {addresses[0].strip()}" if addresses else ""
