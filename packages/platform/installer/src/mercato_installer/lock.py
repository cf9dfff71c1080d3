"""``mercato lock``: choose versions of all packages, and write them with their hashes."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from packaging.utils import canonicalize_name

from mercato_composition.deployment import edits, lock as lockfile
from mercato_composition.deployment.lock import Binding, Lock, differences
from mercato_composition.deployment.packages import Requirements
from mercato_composition.faults import DeploymentError, Fault
from mercato_installer.admission import admit, package_of, read_wheels
from mercato_installer.environments import write
from mercato_installer.faults import unresolved
from mercato_installer.installation import Installation
from mercato_installer.tools import ToolFailedError
from mercato_installer.wheel import Wheel
from mercato_kit.feature import ENTRY_POINT_GROUP


def lock(installation: Installation) -> list[str]:
    """Resolve the requirements of a deployment, and write its lock.

    Every wheel is downloaded and checked, so that an install of the lock will not refuse it.

    Returns:
        A line for each difference from the previous lock.

    Raises:
        DeploymentError: No versions fit together, or a wheel is refused; the lock is unchanged.
    """
    places = installation.places
    with installation.locked():
        new = resolve(installation)
        before: dict[str, str] = {}
        # The existing lock may be absent or unreadable.
        with suppress(DeploymentError):
            packages_before = lockfile.read(places.lock).pylock.packages
            before = {package.name: str(package.version) for package in packages_before}
        write(places.lock, new.text)
        return list(differences(before, {one.name: one.version for one in new.wheels()}))


def resolve(installation: Installation, command: str = "lock") -> Lock:
    """Return a new lock for the requirements of a deployment; it is not written.

    Args:
        installation: The deployment.
        command: The command of ours that runs, for messages.

    Raises:
        DeploymentError: No versions fit together, or a wheel is refused.
    """
    path, requirements = installation.places.lock, installation.requirements.lines
    installation.on_progress(f"resolving {', '.join(requirements)}")
    try:
        packages = installation.uv.resolve(requirements, installation.index)
    except ToolFailedError as error:
        raise DeploymentError([unresolved(error, installation.requirements, command)]) from error
    # Parse it before it is written: a lock that cannot be read must not be written.
    draft = lockfile.compose(packages, requirements=requirements, bindings={})
    locked = lockfile.parse(path, draft).wheels()
    wheels = read_wheels(locked, installation.fetch(locked), installation.progress)
    bindings = bind(installation.requirements, wheels)
    admit(wheels, bindings)
    text = lockfile.compose(packages, requirements=requirements, bindings=bindings)
    return lockfile.parse(path, text)


def bind(requirements: Requirements, wheels: Sequence[Wheel]) -> dict[str, Binding]:
    """Return the distribution and the import package of each feature.

    Raises:
        DeploymentError: A wheel does not offer the feature that it was required for.
    """
    by_name = {wheel.name: wheel for wheel in wheels}
    bindings: dict[str, Binding] = {}
    faults: list[Fault] = []
    for feature, requirement in requirements.by_feature.items():
        wheel = by_name[canonicalize_name(requirement.name)]
        offered = {entry.name: entry.value for entry in wheel.offered(ENTRY_POINT_GROUP)}
        if feature in offered:
            bindings[feature] = Binding(wheel.name, package_of(offered[feature]))
        else:
            faults.append(_offers_another(requirements, feature, wheel, offered))
    if faults:
        raise DeploymentError(faults)
    return bindings


def _offers_another(
    requirements: Requirements, feature: str, wheel: Wheel, offered: Mapping[str, str]
) -> Fault:
    names = ", ".join(sorted(offered)) or "none"
    package = requirements.by_feature[feature].name
    what = (
        f"package {package}: {wheel.release} offers no feature called {feature!r}. "
        f"It offers: {names}"
    )
    path = ("features", feature, "package")
    fix = edits.set_value(requirements.source, path, "<package that offers it>", "fill")
    return Fault("K101", requirements.source.shown(*path), what, (fix,), feature=feature)
