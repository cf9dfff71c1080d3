"""``mercato lock``: choose versions of all packages, and write them with their hashes."""

from collections.abc import Callable, Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mercato_composition.deployment import lock as lockfile
from mercato_composition.deployment.lock import Binding, Lock, differences
from mercato_composition.deployment.packages import Wish
from mercato_composition.deployment.places import Places
from mercato_composition.faults import DeploymentError, Fault
from mercato_installer.admission import admit, package_of, read_wheels
from mercato_installer.download import fetch
from mercato_installer.environments import environments_lock, write
from mercato_installer.tools import Packages, ToolFailedError, Uv
from mercato_installer.wheel import Wheel
from mercato_kit.feature import ENTRY_POINT_GROUP


def lock(
    wish: Wish,
    places: Places,
    uv: Uv,
    *,
    index: str | None,
    wait_seconds: float,
    on_progress: Callable[[str], None],
) -> list[str]:
    """Resolve the requirements of a deployment, and write its lock.

    Every wheel is downloaded and checked, so that an install of the lock will not refuse it.

    Args:
        wish: What the deployment file requires.
        places: The paths of the lock and the wheels.
        uv: The uv that resolves.
        index: The URL of the index; uv's default if None.
        wait_seconds: How long to wait for another process that locks or installs.
        on_progress: Called with a line for each step.

    Returns:
        A line for each difference from the previous lock.

    Raises:
        DeploymentError: No versions fit together, or a wheel is refused; the lock is unchanged.
    """
    with environments_lock(places, wait_seconds=wait_seconds, on_progress=on_progress):
        return _lock(wish, places, uv, index, on_progress)


def bind(wish: Wish, wheels: Sequence[Wheel]) -> dict[str, Binding]:
    """Return the distribution and the import package of each feature.

    Raises:
        DeploymentError: A wheel does not offer the feature that it was required for.
    """
    by_name = {wheel.name: wheel for wheel in wheels}
    bindings: dict[str, Binding] = {}
    faults: list[Fault] = []
    for feature, requirement in wish.requirements.items():
        wheel = by_name[canonicalize_name(requirement.name)]
        offered = {entry.name: entry.value for entry in wheel.offered(ENTRY_POINT_GROUP)}
        if feature in offered:
            bindings[feature] = Binding(wheel.name, package_of(offered[feature]))
        else:
            faults.append(_offers_another(wish, feature, requirement, wheel, offered))
    if faults:
        raise DeploymentError(faults)
    return bindings


def _lock(
    wish: Wish,
    places: Places,
    uv: Uv,
    index: str | None,
    on_progress: Callable[[str], None],
) -> list[str]:
    on_progress(f"resolving {', '.join(wish.lines)}")
    try:
        packages = uv.resolve(wish.lines, index)
    except ToolFailedError as error:
        raise DeploymentError([_unresolved(wish, str(error))]) from error
    # Parse it before it is written: a lock that cannot be read must not be written.
    draft = _draft(places, packages, wish)
    locked = draft.wheels()
    files = fetch(locked, places.wheels, index=index, on_progress=on_progress)
    wheels = read_wheels(locked, files)
    bindings = bind(wish, wheels)
    admit(wheels, bindings)
    text = lockfile.compose(packages, requirements=wish.lines, bindings=bindings)
    before = _versions(places)
    write(places.lock, text)
    return list(differences(before, {one.name: one.version for one in locked}))


def _versions(places: Places) -> dict[str, str]:
    """Return the versions in the existing lock; none if it is absent or cannot be read."""
    try:
        existing = lockfile.read(places.lock)
    except DeploymentError:
        return {}
    return {package.name: str(package.version) for package in existing.pylock.packages}


def _draft(places: Places, packages: Packages, wish: Wish) -> Lock:
    text = lockfile.compose(packages, requirements=wish.lines, bindings={})
    return lockfile.parse(places.lock, text)


def _unresolved(wish: Wish, output: str) -> Fault:
    what = f"no wheels were found that fit together:\n{output}"
    fix = "correct the names or the ranges, or choose an index: `mercato lock --index URL`"
    return Fault("K120", wish.source.name, what, fix)


def _offers_another(
    wish: Wish, feature: str, requirement: Requirement, wheel: Wheel, offered: dict[str, str]
) -> Fault:
    names = ", ".join(sorted(offered)) or "none"
    what = f"{wheel.release} offers no feature called {feature!r}. It offers: {names}"
    fix = f"name the right package: package = … in [features.{feature}]"
    where = wish.source.origin("features", feature, "package")
    return Fault("K101", where, f"package {requirement.name}: {what}", fix, feature=feature)
