"""Build the environment of a lock: download, admit, unpack, compare."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from mercato_composition.deployment.lock import Lock
from mercato_composition.faults import DeploymentError, Fault, Outside, Place
from mercato_installer.admission import admit, read_wheels
from mercato_installer.environments import Environment
from mercato_installer.installation import Installation
from mercato_installer.tools import ToolFailedError
from mercato_installer.wheel import Wheel

_WRITTEN_BY_INSTALLERS = "RECORD INSTALLER REQUESTED direct_url.json uv_cache.json".split()


def fetch(lock: Lock, installation: Installation) -> list[Path]:
    """Download the wheels of a lock that are missing, and admit all of them.

    Returns:
        The files, in the order of the lock.

    Raises:
        DeploymentError: A wheel was not downloaded, or is refused (K119).
    """
    locked = lock.wheels()
    files = installation.fetch(locked)
    admit(read_wheels(locked, files, installation.progress), lock.bindings)
    return files


def build(lock: Lock, installation: Installation) -> Environment:
    """Return the environment of a lock; build it if it is not complete.

    Raises:
        DeploymentError: A step failed; no environment is changed.
    """
    chosen = Environment(installation.places.environments / lock.name)
    if not chosen.is_complete:
        _build(chosen, lock, installation)
    return chosen


def _build(chosen: Environment, lock: Lock, installation: Installation) -> None:
    """Download the wheels, check them, unpack them, and compare the result with them."""
    locked = lock.wheels()
    files = installation.fetch(locked)
    wheels = read_wheels(locked, files, installation.progress)
    admit(wheels, lock.bindings)
    installation.on_progress(f"checked {len(wheels)} wheels; unpacking them into {chosen.folder}")
    lines = [
        f"{one.name} @ {file.as_uri()} --hash=sha256:{one.sha256}"
        for one, file in zip(locked, files, strict=True)
    ]
    try:
        chosen.make()
        installation.uv.unpack(chosen.python, lines)
    except ToolFailedError as error:
        what = f"the wheels were not unpacked:\n{error}"
        fix = "correct it, and run the same command again; the current environment is unchanged"
        raise DeploymentError(
            [Fault("K120", Place(file=lock.path.name), what, (Outside(fix),))]
        ) from error
    if unexpected := list(_unexpected_files(chosen, wheels)):
        what = "\n".join(["the unpacked files differ from those in the wheels:", *unexpected])
        fix = "do not use this environment; report it to the publisher, and lock another version"
        raise DeploymentError(
            [Fault("K119", Place(name=str(chosen.folder)), what, (Outside(fix),))]
        )
    chosen.complete(lock.text)


def _unexpected_files(chosen: Environment, wheels: Sequence[Wheel]) -> Iterator[str]:
    """Find unpacked files that differ from the wheels as they were read before."""
    admitted = {path: digest for wheel in wheels for path, digest in wheel.members.items()}
    written = {f"{wheel.info}/{name}" for wheel in wheels for name in _WRITTEN_BY_INSTALLERS}
    programs = {path for wheel in wheels for path in wheel.programs.values()}
    found = {
        file.relative_to(chosen.packages).as_posix(): file
        for file in chosen.packages.rglob("*")
        if not file.is_dir()
    }
    # uv puts programs beside the interpreter.
    beside = {path: chosen.python.with_name(Path(path).name) for path in programs}
    found |= {path: file for path, file in beside.items() if file.is_file()}
    for path in sorted(found.keys() - written):
        with found[path].open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != admitted.get(path):
                yield path
    for path in sorted(admitted.keys() - found.keys() - written):
        yield f"{path} (missing)"
