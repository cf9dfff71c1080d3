"""``mercato install --here``: installs what is missing into the environment that runs this.

For development. What it installs is neither locked nor looked into.
"""

import importlib
from importlib.metadata import version

from packaging.requirements import Requirement

from mercato_composition.deployment.host import host_requirements
from mercato_composition.deployment.model import Deployment
from mercato_composition.deployment.packages import requirements_of
from mercato_composition.faults import DeploymentError
from mercato_composition.faults import Fault
from mercato_composition.features.installed import installed_features
from mercato_installer.tools import ToolFailedError
from mercato_installer.tools import Uv


def missing(deployment: Deployment) -> list[Requirement]:
    """Return what has to be installed for the features that are named and not there.

    Raises:
        DeploymentError: A ``package`` is more than a name and a range of versions.
    """
    wanted, faults = requirements_of(deployment.features)
    if faults:
        raise DeploymentError(faults)
    there = installed_features()
    return [requirement for name, requirement in wanted.items() if name not in there]


def install_missing(deployment: Deployment) -> None:
    """Install the missing features before an app is made of *deployment*.

    Raises:
        DeploymentError: In production, where a server installs nothing; or see :func:`install`.
    """
    if deployment.environment == "production":
        what = "create_app(install=True) was asked to install into a production server."
        fix = "install before the server starts: `mercato install --here`; servers only verify"
        raise DeploymentError([Fault("K114", deployment.source.name, what, fix)])
    install(deployment)


def install(
    deployment: Deployment, *, index: str | None = None, find_links: str | None = None
) -> list[Requirement]:
    """Install the missing features into the environment that runs this, from wheels only.

    Args:
        deployment: Names them.
        index: URL of the one index to use; uv's own by default.
        find_links: A folder that has wheels, too.

    Returns:
        What was installed.

    Raises:
        DeploymentError: A ``package`` is not acceptable, or uv failed.
    """
    wanted = missing(deployment)
    if not wanted:
        return []
    pins = [f"{name}=={version(name)}" for name in host_requirements()]
    try:
        Uv().add([str(one) for one in wanted], pins, index=index, find_links=find_links)
    except ToolFailedError as error:
        raise DeploymentError([_failed(deployment, wanted, str(error))]) from error
    importlib.invalidate_caches()
    return wanted


def _failed(deployment: Deployment, wanted: list[Requirement], said: str) -> Fault:
    named = ", ".join(map(str, wanted))
    what = f"{named} could not be installed:\n{said}"
    fix = "correct the name or the versions, or say where it is: `mercato install --here --index`"
    return Fault("K101", deployment.source.name, what, fix)
