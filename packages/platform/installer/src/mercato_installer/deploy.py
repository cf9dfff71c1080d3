"""``mercato deploy``: from the deployment file to a server that is ready, in steps."""

import os
from collections.abc import Callable, Iterator, Sequence

import msgspec

from mercato_composition.deployment import file as sources, lock as lockfile
from mercato_composition.deployment.file import DEPLOYMENT, PREFIX
from mercato_composition.faults import DeploymentError, Fault, Place, mercato
from mercato_installer.build import build, fetch
from mercato_installer.environments import Environment, write
from mercato_installer.inside import Step as Pending
from mercato_installer.installation import Installation
from mercato_installer.journal import Entry, Journal, Step
from mercato_installer.plan import Plan, digest
from mercato_installer.planning import make_plan
from mercato_installer.releases import Heads, Release, Releases
from mercato_installer.serving import Serving, steps_of

Agree = Callable[[Plan], bool]
"""Shows a plan, and returns whether it is to be done."""


def deploy(
    installation: Installation, *, agree: Agree, kept: Plan | None = None, name: str = ""
) -> int | None:
    """Plan the next release, and do it if it is agreed to.

    After an interruption the same call resumes, without a question.

    Args:
        installation: The deployment.
        agree: Decides; it is not asked when there is nothing to do.
        kept: A plan that was made before; exactly that is done.
        name: The name of the file of *kept*.

    Returns:
        The number of the new release; None if there is nothing to do, or it was not agreed to.

    Raises:
        DeploymentError: Something does not fit, *kept* is stale (K127), or a step failed.
    """
    journal, inputs = Journal(installation.places), _inputs(installation, kept)
    with installation.locked():
        entry = journal.read(inputs)
        if entry is not None and entry.plan is not None:
            planned = entry.plan
            _resume(installation, planned)
        else:
            planned = make_plan(installation, kept, name)
            if not planned.changes or not agree(planned):
                return None
            entry = Entry(inputs, "lock", planned.release.after, planned)
        journal.run(entry, list(_steps(installation, planned)), installation.on_progress)
    return planned.release.after


def finish(
    installation: Installation, *, agree: Callable[[Release, Sequence[Pending]], bool]
) -> bool:
    """Apply the migrations that remove what only older releases use.

    Args:
        installation: The deployment.
        agree: Decides; it is not asked when there is nothing to do.

    Returns:
        Whether there was anything to do.

    Raises:
        DeploymentError: There is no release, or a migration failed.
    """
    with installation.locked():
        releases = Releases(installation.places)
        used = releases.current()
        if used is None:
            what = "there is no release to finish."
            place = Place(name=str(installation.places.environments))
            raise DeploymentError([Fault("K120", place, what, (mercato("deploy"),))])
        chosen, shown = used.environment, installation.requirements.file
        found = installation.inside.database(chosen, used.file, shown)
        pending = found.steps
        if pending and agree(used, pending):
            installation.inside.upgrade(
                chosen, used.file, shown, contract=True, on_progress=installation.on_progress
            )
            found = installation.inside.database(chosen, used.file, shown)
        heads = Heads(used.record.heads.before, found.heads)
        releases.note(used, msgspec.structs.replace(used.record, heads=heads))
    return bool(pending)


def _resume(installation: Installation, planned: Plan) -> None:
    """Write the draft again if it is needed: a plan may have been made in between."""
    number, releases = planned.release.after, Releases(installation.places)
    installation.on_progress(f"resuming the deploy of release {number}")
    if releases.get(number) is None:
        releases.stage(installation.requirements.file.read_bytes(), planned.lock.encode())


def _steps(installation: Installation, planned: Plan) -> Iterator[Step]:
    places, file = installation.places, installation.requirements.file
    releases, lock = Releases(places), lockfile.parse(places.lock, planned.lock.encode())
    chosen, draft = Environment(places.environments / lock.name), releases.draft
    number, name = planned.release.after, installation.requirements.source.name

    def stage() -> None:
        content = file.read_bytes()
        if digest(content) != planned.file_sha256:
            _edited(name)
        releases.stage(content, lock.text)

    def upgrade() -> None:
        installation.inside.upgrade(
            chosen, draft.file, file, contract=False, on_progress=installation.on_progress
        )

    def release() -> None:
        made = releases.publish(number, chosen, Heads(planned.database.heads, planned.heads))
        write(places.lock, lock.text)
        releases.switch(made)
        releases.prune()

    yield Step("lock", f"keeping {name} and its lock", stage)
    yield Step("fetch", "fetching and checking the wheels", lambda: fetch(lock, installation))
    yield Step("build", f"building {chosen.name}", lambda: build(lock, installation))
    yield Step(
        "check", f"checking {name} in it", lambda: installation.require_fit(chosen, draft.file)
    )
    yield Step("upgrade", "migrating the database", upgrade)
    yield Step("release", f"release {number} becomes the current one", release)
    serving = Serving.of(sources.load(file, os.environ), file.parent)
    yield from (Step(*step) for step in steps_of(serving))


def _edited(name: str) -> None:
    what = f"{name} was edited while the plan was read."
    raise DeploymentError([Fault("K127", Place(file=name), what, (mercato("deploy"),))])


def _inputs(installation: Installation, kept: Plan | None) -> str:
    """Return a hash of what a deploy depends on: file, variables, index and plan."""
    variables = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(PREFIX) and name != DEPLOYMENT
    }
    file = installation.requirements.file.read_bytes()
    parts = ["deploy", digest(file), sorted(variables.items()), installation.index, kept]
    return digest(msgspec.json.encode(parts))
