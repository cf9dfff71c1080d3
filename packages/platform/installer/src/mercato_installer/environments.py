"""The environments of a deployment: one for each lock."""

import contextlib
import os
import shutil
import socket
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from filelock import AcquireReturnProxy, BaseFileLock, FileLock, Timeout

from mercato_composition.deployment.places import Places
from mercato_composition.faults import DeploymentError, Fault, Outside, Place

_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Environment:
    """A virtual environment with the packages of one lock."""

    folder: Path

    @property
    def name(self) -> str:
        """The name of its lock, which is also the name of its folder."""
        return self.folder.name

    @property
    def python(self) -> Path:
        """The path of its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def packages(self) -> Path:
        """The folder that its wheels are unpacked into."""
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return self.folder / "lib" / version / "site-packages"

    @property
    def lock(self) -> Path:
        """Its copy of the lock, which is written last, when everything is unpacked."""
        return self.folder / "pylock.toml"

    @property
    def is_complete(self) -> bool:
        """Whether all its wheels were unpacked."""
        return self.lock.is_file()

    def make(self) -> None:
        """Create it empty; what an interrupted install left in the folder is removed."""
        shutil.rmtree(self.folder, ignore_errors=True)
        venv.EnvBuilder(symlinks=True, with_pip=False).create(self.folder)

    def complete(self, lock: bytes) -> None:
        """Mark it as complete by writing its lock."""
        write(self.lock, lock)


def link(path: Path, target: str) -> None:
    """Point a symbolic link at *target* in one step: it always names the old or the new one."""
    # A symbolic link cannot be replaced in place: create a new one, and rename it over the old.
    new = Path(tempfile.mkdtemp(dir=path.parent, prefix=".link-"))
    (new / "link").symlink_to(target)
    (new / "link").replace(path)
    new.rmdir()


def write(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file in one step: readers see the old content or the new, also after a crash."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(name).chmod(mode)
    Path(name).replace(path)


@contextmanager
def environments_lock(
    places: Places, *, wait_seconds: float, on_progress: Callable[[str], None]
) -> Iterator[None]:
    """Hold the lock for changing the environments; it is released when the process ends.

    Args:
        places: The paths of the deployment.
        wait_seconds: How long to wait for another process that holds the lock.
        on_progress: Called once with a line that names the holder, if the lock is not free.

    Raises:
        DeploymentError: The lock was not free in time (K120).
    """
    places.environments.mkdir(parents=True, exist_ok=True)
    # No fallback to a marker file: it would stay when the process is killed.
    lock = FileLock(places.at_work, mode=0o600, poll_interval=_POLL_SECONDS, fallback_to_soft=False)
    with _take(lock, places, wait_seconds, on_progress):
        places.at_work.write_text(f"process {os.getpid()} on {socket.gethostname()}")
        _sweep(places)
        yield


def _take(
    lock: BaseFileLock, places: Places, wait_seconds: float, on_progress: Callable[[str], None]
) -> AcquireReturnProxy[BaseFileLock]:
    with contextlib.suppress(Timeout):
        return lock.acquire(blocking=False)
    held = f"the lock on {places.environments}, held by {_holder(places)}"
    on_progress(f"waiting for {held}")
    try:
        return lock.acquire(timeout=wait_seconds)
    except Timeout as error:
        what = f"waited {wait_seconds:g} s for {held}."
        fix = "wait until that process ends, or end it; then run the same command again"
        raise DeploymentError(
            [Fault("K120", Place(name=str(places.environments)), what, (Outside(fix),))]
        ) from error


def _holder(places: Places) -> str:
    return places.at_work.read_text() or "another process"


def _sweep(places: Places) -> None:
    """Remove temporary links and files that interrupted processes left."""
    for left in chain(places.environments.glob(".link-*"), places.environments.glob("*/.link-*")):
        shutil.rmtree(left, ignore_errors=True)
    for left in places.environments.glob(".deploy*.json.*"):
        left.unlink(missing_ok=True)
    for part in places.wheels.glob("*/*.part"):
        part.unlink(missing_ok=True)
