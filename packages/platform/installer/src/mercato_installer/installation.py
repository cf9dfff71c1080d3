"""What the commands that lock and install work on."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from mercato_composition.deployment.lock import Locked
from mercato_composition.deployment.packages import Requirements
from mercato_composition.deployment.places import Places
from mercato_installer.download import fetch
from mercato_installer.environments import environments_lock
from mercato_installer.tools import Uv


@dataclass(frozen=True, kw_only=True)
class Installation:
    """The packages of a deployment, to be locked or installed.

    Args:
        requirements: What the deployment file requires.
        places: The paths of the lock and the environments.
        index: The URL of the index, with user and password if it needs them; None for uv's default.
        wait_seconds: How long to wait for another process that locks or installs.
        on_progress: Called with a line for each step.
        uv: The uv that resolves and unpacks.
    """

    requirements: Requirements
    places: Places
    index: str | None
    wait_seconds: float
    on_progress: Callable[[str], None]
    uv: Uv = field(default_factory=Uv)

    def locked(self) -> AbstractContextManager[None]:
        """Hold the lock for changing the environments; see :func:`environments_lock`."""
        return environments_lock(
            self.places, wait_seconds=self.wait_seconds, on_progress=self.on_progress
        )

    def fetch(self, wheels: Sequence[Locked]) -> list[Path]:
        """Download the wheels that are missing, and return all files; see :func:`fetch`."""
        store = self.places.wheels
        return fetch(wheels, store, index=self.index, on_progress=self.on_progress)
