"""K114: compare the installed distributions with the lock beside the deployment file."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.metadata import distributions

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from mercato_composition.deployment import lock as lockfile
from mercato_composition.deployment.draft import Draft
from mercato_composition.deployment.lock import Lock
from mercato_composition.deployment.packages import Requirements, requirements_of
from mercato_composition.deployment.places import Places
from mercato_composition.faults import DeploymentError, Fault, Place
from mercato_composition.features.installed import installed_features

_INSTALLERS = frozenset({"pip", "setuptools", "uv", "wheel"})


def read_lock(draft: Draft) -> tuple[Lock | None, list[Fault]]:
    """Read the lock of a deployment; in production, compare what is installed with it.

    Returns:
        The lock, if there is a valid one; and the faults.
    """
    if draft.source.file is None:
        return None, []
    production = draft.environment == "production"
    path = Places.of(draft.source.file).lock
    if not path.exists():
        return None, [_unlocked(path.name, draft)] if production else []
    try:
        lock = lockfile.read(path)
    except DeploymentError as error:
        if production:
            return None, list(error.faults)
        return None, [replace(fault, severity="warning") for fault in error.faults]
    return lock, list(_differences(lock, draft)) if production else []


def _differences(lock: Lock, draft: Draft) -> Iterator[Fault]:
    by_feature, _ = requirements_of(draft.source, draft.features)
    requirements = Requirements(draft.source, by_feature, None)
    yield from lock.misfits(requirements.lines, draft.source.name)
    installed = _installed()
    known = installed_features()
    entries = [entry for found in known.values() for entry in found]
    with_features = {canonicalize_name(entry.distribution.name) for entry in entries}
    # A feature that is not installed is reported as K101.
    away = {
        canonicalize_name(bound.distribution)
        for name, bound in lock.bindings.items()
        if name in draft.features and name not in known
    }
    locked = {name: version for name, version in lock.versions().items() if name not in away}
    unlocked = installed.keys() - locked.keys()
    # A distribution that is not locked is an error only if it has a feature, else a warning.
    compared = {
        name: version
        for name, version in installed.items()
        if name in locked or name in with_features
    }
    if differing := list(lockfile.differences(compared, locked)):
        what = "\n".join([f"the installed versions differ from {lock.path.name}:", *differing])
        yield Fault("K114", Place(file=lock.path.name), what, (lockfile.INSTALL,))
    if more := sorted(unlocked - with_features - _INSTALLERS):
        what = f"distributions are installed that {lock.path.name} does not name: {', '.join(more)}"
        place = Place(file=lock.path.name)
        yield Fault("K114", place, what, (lockfile.INSTALL,), severity="warning", mark="more")


def _installed() -> Mapping[str, str]:
    """Return the version of each distribution."""
    versions: dict[str, str] = {}
    for distribution in distributions():
        # The first one on sys.path is imported.
        versions.setdefault(canonicalize_name(distribution.name), _plain(distribution.version))
    return versions


def _plain(version: str) -> str:
    try:
        return str(Version(version))
    except InvalidVersion:
        return version


def _unlocked(name: str, draft: Draft) -> Fault:
    what = f"there is no {name}, so the installed versions cannot be compared with reviewed ones."
    place = Place(file=draft.source.name)
    return Fault("K114", place, what, (lockfile.LOCK_AND_INSTALL,), severity="warning")
