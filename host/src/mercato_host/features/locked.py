"""K114: whether what can be imported is what the lock beside the deployment file says."""

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import distributions

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion
from packaging.version import Version

from mercato_composition.deployment import lock as lockfile
from mercato_composition.deployment.lock import Lock
from mercato_composition.deployment.model import Deployment
from mercato_composition.deployment.packages import Wish
from mercato_composition.deployment.packages import requirements_of
from mercato_composition.deployment.places import Places
from mercato_composition.faults import DeploymentError
from mercato_composition.faults import Fault
from mercato_kit.feature import ENTRY_POINT_GROUP

_INSTALLERS = frozenset({"pip", "setuptools", "uv", "wheel"})


def read_lock(deployment: Deployment) -> tuple[Lock | None, list[Fault]]:
    """Read the lock of a deployment, and compare what is installed with it in production.

    Returns:
        The lock, if there is one that can be read; and what differs.
    """
    if deployment.path is None:
        return None, []
    production = deployment.environment == "production"
    path = Places.of(deployment.path).lock
    if not path.exists():
        return None, [_unlocked(path.name, deployment)] if production else []
    try:
        lock = lockfile.read(path)
    except DeploymentError as error:
        if production:
            return None, list(error.faults)
        return None, [replace(fault, severity="warning") for fault in error.faults]
    return lock, list(_differences(lock, deployment)) if production else []


def _differences(lock: Lock, deployment: Deployment) -> Iterator[Fault]:
    requirements, _ = requirements_of(deployment.features)
    lines = Wish(deployment.source, requirements, None).lines
    yield from lock.misfits(lines, deployment.source.name)
    there, offering = _installed()
    locked = lock.versions()
    extra = there.keys() - locked.keys()
    counted = {name: it for name, it in there.items() if name in locked or name in offering}
    if differing := list(lockfile.differences(counted, locked)):
        what = "\n".join([f"what is installed is not what {lock.path.name} says:", *differing])
        fix = "`mercato install`, then start what it says; nothing is installed by a server"
        yield Fault("K114", lock.path.name, what, fix)
    if more := sorted(extra - offering - _INSTALLERS):
        what = f"more is installed than {lock.path.name} names: {', '.join(more)}"
        fix = "start from environments/current, which `mercato install` makes"
        yield Fault("K114", lock.path.name, what, fix, severity="warning")


def _installed() -> tuple[Mapping[str, str], set[str]]:
    """Return the version of each distribution, and which of them offer a feature."""
    versions: dict[str, str] = {}
    offering: set[str] = set()
    for distribution in distributions():
        name = canonicalize_name(distribution.name)
        if name in versions:
            continue
        versions[name] = _plain(distribution.version)
        if any(entry.group == ENTRY_POINT_GROUP for entry in distribution.entry_points):
            offering.add(name)
    return versions, offering


def _plain(version: str) -> str:
    try:
        return str(Version(version))
    except InvalidVersion:
        return version


def _unlocked(name: str, deployment: Deployment) -> Fault:
    what = f"there is no {name}, so nobody can say whether what is installed was reviewed."
    fix = "`mercato lock`, then `mercato install`"
    return Fault("K114", deployment.source.name, what, fix, severity="warning")
