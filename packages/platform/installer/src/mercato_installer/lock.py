"""``mercato lock``: from ranges of versions to the bytes of wheels."""

from collections.abc import Callable
from collections.abc import Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mercato_composition.deployment import lock as lockfile
from mercato_composition.deployment.lock import Binding
from mercato_composition.deployment.lock import Lock
from mercato_composition.deployment.lock import differences
from mercato_composition.deployment.packages import Wish
from mercato_composition.deployment.places import Places
from mercato_composition.faults import DeploymentError
from mercato_composition.faults import Fault
from mercato_installer.admission import admit
from mercato_installer.admission import look_into_all
from mercato_installer.admission import package_of
from mercato_installer.download import fetch
from mercato_installer.environments import one_at_a_time
from mercato_installer.environments import write
from mercato_installer.tools import Packages
from mercato_installer.tools import ToolFailedError
from mercato_installer.tools import Uv
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
    """Resolve what a deployment wants, and write its lock.

    Every wheel is fetched and looked into, so what is locked can be admitted.

    Args:
        wish: What is wanted.
        places: Where the lock and the wheels go.
        uv: Resolves.
        index: URL of the one index; uv's own by default.
        wait_seconds: How long to wait for somebody else who locks or installs.
        on_progress: Told of each step.

    Returns:
        How it differs from the lock that was there: a line each.

    Raises:
        DeploymentError: The index has nothing that fits, or a wheel that is not admitted; the
            lock is as it was.
    """
    with one_at_a_time(places, wait_seconds=wait_seconds, on_progress=on_progress):
        return _lock(wish, places, uv, index, on_progress)


def bind(wish: Wish, wheels: Sequence[Wheel]) -> dict[str, Binding]:
    """Say which distribution and which package each feature is.

    Raises:
        DeploymentError: A wheel does not offer the feature that the deployment expects of it.
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
    # Read as if it was there already: what is written must be readable.
    draft = _draft(places, packages, wish)
    locked = draft.wheels()
    files = fetch(locked, places.wheels, index=index, on_progress=on_progress)
    wheels = look_into_all(locked, files)
    bindings = bind(wish, wheels)
    admit(wheels, bindings)
    text = lockfile.compose(packages, requirements=wish.lines, bindings=bindings)
    before = _versions(places)
    write(places.lock, text)
    return list(differences(before, {one.name: one.version for one in locked}))


def _versions(places: Places) -> dict[str, str]:
    """Return the versions in the lock that is there; none where it is of no use any more."""
    try:
        there = lockfile.read(places.lock)
    except DeploymentError:
        return {}
    return {package.name: str(package.version) for package in there.pylock.packages}


def _draft(places: Places, packages: Packages, wish: Wish) -> Lock:
    text = lockfile.compose(packages, requirements=wish.lines, bindings={})
    return lockfile.parse(places.lock, text)


def _unresolved(wish: Wish, said: str) -> Fault:
    what = f"no wheels were found that fit together:\n{said}"
    fix = "correct the names or the ranges, or say which index has them: `mercato lock --index URL`"
    return Fault("K120", wish.source.name, what, fix)


def _offers_another(
    wish: Wish, feature: str, requirement: Requirement, wheel: Wheel, offered: dict[str, str]
) -> Fault:
    named = ", ".join(sorted(offered)) or "none"
    what = f"{wheel.release} offers no feature called {feature!r}. It offers: {named}"
    fix = f"name the package that does: package = … in [features.{feature}]"
    where = wish.source.origin("features", feature, "package")
    return Fault("K101", where, f"package {requirement.name}: {what}", fix, feature=feature)
