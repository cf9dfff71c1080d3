"""What a deploy has begun: after an interruption, the same command goes on from there."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mercato_composition.deployment.places import Places
from mercato_composition.faults import DeploymentError
from mercato_installer.environments import write
from mercato_installer.plan import Plan


@dataclass(frozen=True)
class Step:
    """A step of a command. Its work may be done twice.

    Args:
        name: A word for it.
        title: The line that is shown before it.
        work: Does it.
    """

    name: str
    title: str
    work: Callable[[], object]


class Entry(msgspec.Struct, frozen=True):
    """``deploy.json``: which command was begun, on which inputs, and the step that it is at.

    Args:
        digest: A hash of the command's inputs.
        step: The name of the step.
        release: The number of the release that it makes or restores.
        plan: The plan that was agreed to; None for a rollback.
    """

    digest: str
    step: str
    release: int
    plan: Plan | None = None


class Journal:
    """``environments/deploy.json``; ``environments/deploy.staging.json`` for ``staging.toml``."""

    def __init__(self, places: Places) -> None:
        word = places.current.name.removeprefix("current")
        self.path: Path = places.environments / f"deploy{word}.json"

    def read(self, digest: str) -> Entry | None:
        """Return what the same command has begun; None if its inputs were others, or it ended."""
        try:
            entry = msgspec.json.decode(self.path.read_bytes(), type=Entry)
        except (FileNotFoundError, msgspec.DecodeError):
            # A file of another version is no reason to refuse a command: it begins anew.
            return None
        return entry if entry.digest == digest else None

    def run(self, entry: Entry, steps: Sequence[Step], on_progress: Callable[[str], None]) -> None:
        """Do the steps from that of *entry* on.

        A step that fails ends the command: the next one makes a new plan. A process that is
        killed leaves the journal at the step that it was in.
        """
        names = [step.name for step in steps]
        first = names.index(entry.step) if entry.step in names else 0
        for number, step in enumerate(steps[first:], start=first + 1):
            on_progress(f"[{number}/{len(steps)}] {step.title}")
            self._write(msgspec.structs.replace(entry, step=step.name))
            try:
                step.work()
            except DeploymentError:
                self.end()
                raise
        self.end()

    def _write(self, entry: Entry) -> None:
        # Its digest is also one of secrets.
        write(self.path, msgspec.json.encode(entry), mode=0o600)

    def end(self) -> None:
        """Forget what was begun."""
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
