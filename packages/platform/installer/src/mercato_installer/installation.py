"""What the commands that lock and install work on."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from mercato_composition.deployment.lock import Locked
from mercato_composition.deployment.packages import Requirements
from mercato_composition.deployment.places import Places
from mercato_composition.faults import DeploymentError, Fault
from mercato_installer.download import fetch, file_of
from mercato_installer.environments import Environment, environments_lock
from mercato_installer.inside import Inside
from mercato_installer.tools import Uv
from mercato_kit.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Installation:
    """The packages of a deployment, to be locked or installed.

    Args:
        requirements: What the deployment file requires.
        places: The paths of the lock and the environments.
        index: The URL of the index, with user and password if it needs them; None for uv's default.
        wait_seconds: How long to wait for another process that locks or installs.
        progress: Shows the steps.
        uv: The uv that resolves and unpacks.
        inside: Runs commands in environments.
    """

    requirements: Requirements
    places: Places
    index: str | None
    wait_seconds: float
    progress: Progress
    uv: Uv = field(default_factory=Uv)
    inside: Inside = field(default_factory=Inside)

    def on_progress(self, line: str) -> None:
        """Show the line of a step."""
        self.progress.line(line)

    def locked(self) -> AbstractContextManager[None]:
        """Hold the lock for changing the environments; see :func:`environments_lock`."""
        return environments_lock(
            self.places, wait_seconds=self.wait_seconds, on_progress=self.on_progress
        )

    def fetch(self, wheels: Sequence[Locked]) -> list[Path]:
        """Download the wheels that are missing, and return all files; see :func:`fetch`."""
        store = self.places.wheels
        return fetch(wheels, store, index=self.index, progress=self.progress)

    def size_of(self, wheel: Locked) -> int:
        """Return the bytes of a wheel, as the lock or its file says; 0 if neither does."""
        if wheel.size is not None:
            return wheel.size
        file = file_of(wheel, self.places.wheels)
        return file.stat().st_size if file.exists() else 0

    def require_fit(self, chosen: Environment, file: Path, *, offline: bool = False) -> list[Fault]:
        """Check a deployment in an environment; migrations may be pending.

        Args:
            chosen: The environment.
            file: The deployment file, or a release's copy of it.
            offline: Whether no server is asked.

        Returns:
            The warnings.

        Raises:
            DeploymentError: The deployment does not fit; with the faults.
        """
        faults = self.inside.check(chosen, file, self.requirements.file, offline=offline)
        if any(fault.severity == "error" for fault in faults):
            raise DeploymentError(faults)
        return faults
