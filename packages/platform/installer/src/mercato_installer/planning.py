"""The plan of a deploy is made: the next environment is built beside the current one, and asked."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from mercato_composition.deployment import lock as lockfile
from mercato_composition.deployment.lock import Lock
from mercato_composition.faults import DeploymentError, Fault, Place, mercato
from mercato_installer import changes
from mercato_installer.build import build
from mercato_installer.environments import Environment
from mercato_installer.inside import DatabasePlan
from mercato_installer.installation import Installation
from mercato_installer.lock import resolve
from mercato_installer.plan import Numbers, Packages, Plan, Routes, digest, require_same
from mercato_installer.releases import Release, Releases


def make_plan(installation: Installation, kept: Plan | None = None, name: str = "") -> Plan:
    """Plan the next release; its environment is built, and asked.

    Args:
        installation: The deployment; the lock on its environments is held.
        kept: A plan that was made before, whose lock is taken.
        name: The name of the file of *kept*.

    Raises:
        DeploymentError: The deployment does not fit, or *kept* is stale (K127).
    """
    requirements, releases = installation.requirements, Releases(installation.places)
    used, content = releases.current(), requirements.file.read_bytes()
    draft = Plan(
        deployment=str(requirements.file),
        environment=str(requirements.source.values.get("environment", "production")),
        release=Numbers(used.number if used else None, releases.following),
        file_sha256=digest(content),
        file=changes.of_files(used.file.read_bytes() if used else b"", content),
        packages=Packages((), 0, 0),
        routes=None,
        # Until the next environment is asked, nothing else is known.
        database=kept.database if kept else DatabasePlan(),
        lock="",
    )
    if kept is not None:
        # Before anything is built: the lock of another file would only lead to another fault.
        require_same(kept, draft, name)
    lock = _lock_of(kept, installation)
    planned = _ask(installation, draft, lock, used)
    if kept is not None:
        require_same(kept, planned, name)
    return planned


def _lock_of(kept: Plan | None, installation: Installation) -> Lock:
    if kept is None:
        return resolve(installation, "deploy")
    lock = lockfile.parse(installation.places.lock, kept.lock.encode())
    requirements = installation.requirements
    if faults := list(lock.misfits(requirements.lines, requirements.source.name)):
        raise DeploymentError(faults)
    return lock


def _ask(installation: Installation, draft: Plan, lock: Lock, used: Release | None) -> Plan:
    """Build the next environment, and complete the plan with what it says."""
    requirements, places = installation.requirements, installation.places
    chosen = build(lock, installation)
    file = Releases(places).stage(requirements.file.read_bytes(), lock.text).file
    installation.on_progress(f"checking {requirements.source.name} in {chosen.name}")
    installation.require_fit(chosen, file)
    database = installation.inside.database(chosen, file, requirements.file)
    if faults := list(_unfinished(database)):
        raise DeploymentError(faults)
    wheels = lock.wheels()
    before = lockfile.read(used.lock).wheels() if used else []
    return msgspec.structs.replace(
        draft,
        packages=changes.of_packages(before, wheels, installation.size_of),
        routes=_routes(installation, chosen, file, used),
        database=database,
        lock=lock.text.decode(),
    )


def _routes(
    installation: Installation, chosen: Environment, file: Path, used: Release | None
) -> Routes | None:
    """Compare the routes of the current and the next release; None if one does not say."""
    ask, shown = installation.inside.routes, installation.requirements.file
    try:
        before = ask(used.environment, used.file, shown) if used else ()
        return changes.of_routes(before, ask(chosen, file, shown))
    except DeploymentError:
        return None


def _unfinished(database: DatabasePlan) -> Iterator[Fault]:
    """Find an expanding migration behind one that contracts: the older deploy was not finished."""
    for step in database.steps:
        waiting = [one for one in step.migrations if one.waits]
        if any(one.phase == "expand" for one in waiting):
            what = (
                f"{step.feature} needs its migration {waiting[-1].revision}, and before it "
                f"{waiting[0].revision}, which removes what the current release may use."
            )
            fix = mercato("deploy", "--finish", then=("deploy",))
            yield Fault("K302", Place(feature=step.feature, name=step.feature), what, (fix,))
