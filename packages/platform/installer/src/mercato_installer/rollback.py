"""``mercato rollback``: an older release, with its lock and its deployment file."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from mercato_composition.deployment import file as sources
from mercato_composition.faults import DeploymentError, Fault, Outside, Place, mercato
from mercato_installer.environments import write
from mercato_installer.installation import Installation
from mercato_installer.journal import Entry, Journal, Step
from mercato_installer.plan import digest
from mercato_installer.releases import Release, Releases, mode_of
from mercato_installer.serving import Serving, steps_of


def rollback(
    installation: Installation, *, number: int | None = None, keep_file: bool = False
) -> Release:
    """Go back to a release. The database is not changed, and must fit.

    After an interruption the same call resumes.

    Args:
        installation: The deployment.
        number: The release; by default the one before the current one.
        keep_file: Leave the deployment file and the lock beside it as they are.

    Raises:
        DeploymentError: There is no such release, it does not fit, or a step failed.
    """
    journal, inputs = (
        Journal(installation.places),
        digest(f"rollback {number} {keep_file}".encode()),
    )
    with installation.locked():
        entry = journal.read(inputs)
        target = _find(installation, entry.release if entry else number)
        if entry is None:
            installation.on_progress(f"checking release {target.number} with the database")
            _require_fit(installation, target)
            entry = Entry(inputs, "restore", target.number)
        going = _Rollback(installation, target, keep_file=keep_file)
        journal.run(entry, list(going.steps()), installation.on_progress)
    return target


def _find(installation: Installation, number: int | None) -> Release:
    releases = Releases(installation.places)
    used = releases.current()
    older = releases.before(used) if used else None
    found = older if number is None else releases.get(number)
    if found is None or not found.environment.is_complete:
        kept = ", ".join(str(one.number) for one in releases.all()) or "none"
        what = f"there is no {'older release' if number is None else f'release {number}'}."
        place = Place(name=str(installation.places.environments))
        fix = mercato("lock", then=("install",))
        raise DeploymentError([Fault("K120", place, f"{what} Kept releases: {kept}", (fix,))])
    return found


def _require_fit(installation: Installation, target: Release) -> None:
    """Check a release with its own file, and with the database as it is.

    Raises:
        DeploymentError: It does not fit; K303 says that the database has gone too far.
    """
    shown = installation.requirements.file
    faults = installation.inside.check(target.environment, target.file, shown)
    if any(fault.severity == "error" for fault in faults):
        raise DeploymentError(_too_far(fault, target.number) for fault in faults)


def _too_far(fault: Fault, number: int) -> Fault:
    """Say of newer tables what an operator who goes back can do."""
    if fault.code != "K303" or fault.severity != "error":
        return fault
    fixes = (
        Outside("stay with the current release", "choice"),
        Outside(f"restore a backup of the database from release {number}, then go back", "choice"),
    )
    return replace(fault, fixes=fixes)


@dataclass(frozen=True)
class _Rollback:
    """The steps of a rollback."""

    installation: Installation
    target: Release
    keep_file: bool

    def steps(self) -> Iterator[Step]:
        places, number = self.installation.places, self.target.number
        if not self.keep_file:
            names = f"{places.lock.name} and {places.file.name}"
            yield Step("restore", f"{names} are those of release {number} again", self._restore)
        switch = Releases(places).switch
        title = f"release {number} becomes the current one"
        yield Step("release", title, lambda: switch(self.target))
        serving = Serving.of(sources.load(self.target.file, os.environ), places.file.parent)
        yield from (Step(*step) for step in steps_of(serving))

    def _restore(self) -> None:
        """Write lock and file; what would be lost is kept beside them."""
        places = self.installation.places
        try:
            self._replace(places.lock, self.target.lock, "kept")
            self._replace(places.file, self.target.file, "edited")
        except OSError as error:
            what = f"{error.filename or places.file} cannot be written: {error.strerror}."
            fix = mercato("rollback", str(self.target.number), "--keep-file")
            place = Place(file=places.file.name)
            raise DeploymentError([Fault("K120", place, what, (fix,))]) from error

    def _replace(self, path: Path, by: Path, word: str) -> None:
        """Write the content of *by*; keep a content that no release has as *word*."""
        new = by.read_bytes()
        old = path.read_bytes() if path.exists() else new
        known = {
            (one.folder / path.name).read_bytes() for one in Releases(self.target.places).all()
        }
        if old != new and old not in known:
            kept = path.with_name(f"{path.name}.{word}")
            write(kept, old, mode_of(path))
            self.installation.on_progress(f"{path.name} is in no release; kept it as {kept.name}")
        if old != new or not path.exists():
            write(path, new, mode_of(path))
