"""``mercato install --here``: install missing features into the running environment.

For development: the packages are neither locked nor checked.
"""

import importlib
from importlib.metadata import PackageNotFoundError, distribution, version

from packaging.requirements import Requirement

from mercato_composition.deployment.draft import Draft
from mercato_composition.deployment.host import host_requirements
from mercato_composition.deployment.lock import LOCK_AND_INSTALL
from mercato_composition.deployment.packages import Requirements, requirements_of
from mercato_composition.faults import DeploymentError, Fault, Place
from mercato_composition.features.environment import unmet_requirements
from mercato_composition.features.installed import installed_features
from mercato_installer.faults import unresolved
from mercato_installer.tools import ToolFailedError, Uv


def missing(deployment: Draft) -> list[Requirement]:
    """Return the requirements of the named features that are not installed.

    Raises:
        DeploymentError: A ``package`` is more than a name and a range of versions.
    """
    wanted, faults = requirements_of(deployment.source, deployment.features)
    if faults:
        raise DeploymentError(faults)
    installed = installed_features()
    return [
        requirement
        for name, requirement in wanted.items()
        if name not in installed
        or (deployment.features[name].package is not None and not _is_met(requirement))
    ]


def _is_met(requirement: Requirement) -> bool:
    """Tell whether a distribution is installed, in the range, with what its extras need."""
    try:
        found = distribution(requirement.name)
    except PackageNotFoundError:
        return False
    fits = requirement.specifier.contains(found.version, prereleases=True)
    return fits and not any(unmet_requirements(found, requirement.extras))


def install_missing(deployment: Draft) -> None:
    """Install the missing features before the app is created.

    Raises:
        DeploymentError: The deployment is a production (K114), or :func:`install` failed.
    """
    if deployment.environment == "production":
        what = "create_app(install=True) installs nothing in production: servers only verify."
        place = Place(file=deployment.source.name)
        raise DeploymentError([Fault("K114", place, what, (LOCK_AND_INSTALL,))])
    install(deployment)


def install(
    deployment: Draft, *, index: str | None = None, find_links: str | None = None
) -> list[Requirement]:
    """Install the missing features into the running environment, from wheels only.

    Args:
        deployment: The deployment that names the features.
        index: The URL of the index; uv's default if None.
        find_links: An additional folder of wheels.

    Returns:
        The requirements that were installed.

    Raises:
        DeploymentError: A ``package`` is not valid, or uv failed.
    """
    wanted = missing(deployment)
    if not wanted:
        return []
    # The host and the kit are running, so they must not be replaced.
    pins = [f"{name}=={version(name)}" for name in host_requirements()]
    try:
        Uv().add([str(one) for one in wanted], pins, index=index, find_links=find_links)
    except ToolFailedError as error:
        by_name = requirements_of(deployment.source, deployment.features)[0]
        requirements = Requirements(deployment.source, by_name, index)
        raise DeploymentError([unresolved(error, requirements, "install", "--here")]) from error
    importlib.invalidate_caches()
    return wanted
