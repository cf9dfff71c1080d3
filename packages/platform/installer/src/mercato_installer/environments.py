"""Environments beside a deployment: one for each lock, and a link to the one that is used."""

import contextlib
import json
import os
import shutil
import socket
import sys
import tempfile
import venv
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import AcquireReturnProxy
from filelock import BaseFileLock
from filelock import FileLock
from filelock import Timeout

from mercato_composition.deployment.places import Places
from mercato_composition.faults import DeploymentError
from mercato_composition.faults import Fault

_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Environment:
    """A virtual environment that holds what one lock names."""

    folder: Path

    @property
    def name(self) -> str:
        """The name of its lock."""
        return self.folder.name

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def packages(self) -> Path:
        """Where its wheels are unpacked."""
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return self.folder / "lib" / version / "site-packages"

    @property
    def lock(self) -> Path:
        """Its copy of the lock. It is written last: where it is, all is."""
        return self.folder / "pylock.toml"

    @property
    def is_complete(self) -> bool:
        """Whether everything was unpacked."""
        return self.lock.is_file()

    @property
    def before(self) -> str | None:
        """The name of the environment that was used before this one."""
        try:
            return str(json.loads((self.folder / "before.json").read_text())["name"])
        except FileNotFoundError:
            return None

    def make(self) -> None:
        """Make it anew, and empty: whatever is there was left by somebody who was interrupted."""
        shutil.rmtree(self.folder, ignore_errors=True)
        venv.EnvBuilder(symlinks=True, with_pip=False).create(self.folder)

    def complete(self, lock: bytes) -> None:
        """Say that everything is unpacked."""
        write(self.lock, lock)


def current(places: Places) -> Environment | None:
    """Return the environment that is used."""
    try:
        target = places.current.readlink()
    except FileNotFoundError:
        return None
    return Environment(places.environments / target)


def switch(places: Places, chosen: Environment) -> None:
    """Use *chosen* from now on. Whoever looks sees the old one or the new one, never none."""
    used = current(places)
    if used is not None and used.name != chosen.name:
        write(chosen.folder / "before.json", json.dumps({"name": used.name}).encode())
    link(places, chosen)


def link(places: Places, chosen: Environment) -> None:
    """Make the link point at *chosen*."""
    new = Path(tempfile.mkdtemp(dir=places.environments, prefix=".link-"))
    (new / "link").symlink_to(chosen.name)
    (new / "link").replace(places.current)
    new.rmdir()


def write(path: Path, content: bytes) -> None:
    """Put *content* into place in one step."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(name).chmod(0o644)
    Path(name).replace(path)


@contextmanager
def one_at_a_time(
    places: Places, *, wait_seconds: float, on_progress: Callable[[str], None]
) -> Iterator[None]:
    """Work on these environments alone. A process that dies lets go.

    Args:
        places: Whose environments.
        wait_seconds: How long to wait for somebody else.
        on_progress: Told once that it waits, and for whom.

    Raises:
        DeploymentError: Somebody else did not end in time.
    """
    places.environments.mkdir(parents=True, exist_ok=True)
    # Without fallback: a marker file would outlive a process that is killed.
    lock = FileLock(places.at_work, poll_interval=_POLL_SECONDS, fallback_to_soft=False)
    with _take(lock, places, wait_seconds, on_progress):
        places.at_work.write_text(f"process {os.getpid()} on {socket.gethostname()}")
        _sweep(places)
        yield


def _take(
    lock: BaseFileLock, places: Places, wait_seconds: float, on_progress: Callable[[str], None]
) -> AcquireReturnProxy[BaseFileLock]:
    with contextlib.suppress(Timeout):
        return lock.acquire(blocking=False)
    on_progress(f"waiting for {_holder(places)}, which works on {places.environments}")
    try:
        return lock.acquire(timeout=wait_seconds)
    except Timeout as error:
        what = f"{_holder(places)} works on {places.environments} for more than {wait_seconds:g} s."
        fix = "wait for it to end, then type the same command again; or end it"
        raise DeploymentError([Fault("K120", str(places.environments), what, fix)]) from error


def _holder(places: Places) -> str:
    return places.at_work.read_text() or "another process"


def _sweep(places: Places) -> None:
    """Remove what interrupted processes left: half links, half files."""
    for left in places.environments.glob(".link-*"):
        shutil.rmtree(left, ignore_errors=True)
    for part in places.wheels.glob("*/*.part"):
        part.unlink(missing_ok=True)
