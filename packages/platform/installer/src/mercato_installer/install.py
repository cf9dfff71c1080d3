"""``mercato install``: build the environment of the lock, and make it the current release."""

from mercato_composition.deployment import lock as lockfile
from mercato_composition.faults import DeploymentError
from mercato_installer.build import build
from mercato_installer.environments import Environment
from mercato_installer.installation import Installation
from mercato_installer.journal import Journal
from mercato_installer.releases import Heads, Releases


def install(installation: Installation) -> Environment:
    """Build the environment of the lock, check the deployment in it, and switch to it.

    An interrupted install is resumed by the same call. The current environment does not change
    until the deployment fits in the new one. The database is neither asked nor changed.

    Raises:
        DeploymentError: The lock was made for other requirements, or a step failed; the current
            environment is unchanged.
    """
    places, requirements = installation.places, installation.requirements
    with installation.locked():
        lock = lockfile.read(places.lock)
        if faults := list(lock.misfits(requirements.lines, requirements.source.name)):
            raise DeploymentError(faults)
        chosen = build(lock, installation)
        installation.on_progress(f"checking {requirements.source.name} in {chosen.name}")
        file = requirements.file
        installation.require_fit(chosen, file, offline=True)
        # It ends a deploy that was interrupted: the release is another.
        Journal(places).end()
        _release(Releases(places), file.read_bytes(), lock.text, chosen)
        installation.on_progress(f"{places.current} is now {chosen.name}")
    return chosen


def _release(releases: Releases, file: bytes, lock: bytes, chosen: Environment) -> None:
    """Make a release of file and lock, unless the current one is just that."""
    used = releases.current()
    if used is None or (used.file.read_bytes(), used.lock.read_bytes()) != (file, lock):
        releases.stage(file, lock)
        used = releases.publish(releases.following, chosen, Heads())
    releases.switch(used)
    releases.prune()
