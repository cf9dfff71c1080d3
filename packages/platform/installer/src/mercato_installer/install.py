"""``mercato install`` and ``mercato rollback``: build environments, and switch between them."""

import hashlib
import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from mercato_composition.deployment import lock as lockfile
from mercato_composition.deployment.lock import Lock
from mercato_composition.faults import DeploymentError, Fault, Outside, Place
from mercato_composition.faults.documents import from_document
from mercato_installer import environments
from mercato_installer.admission import admit, read_wheels
from mercato_installer.environments import Environment
from mercato_installer.installation import Installation
from mercato_installer.tools import ToolFailedError, clean_environment
from mercato_installer.wheel import Wheel

_WRITTEN_BY_INSTALLERS = "RECORD INSTALLER REQUESTED direct_url.json uv_cache.json".split()


def install(installation: Installation) -> Environment:
    """Build the environment of the lock, check the deployment in it, and switch to it.

    An interrupted install is resumed by the same call. The current environment does not change
    until the deployment fits in the new one.

    Raises:
        DeploymentError: The lock was made for other requirements, or a step failed; the current
            environment is unchanged.
    """
    places, requirements = installation.places, installation.requirements
    with installation.locked():
        lock = lockfile.read(places.lock)
        if faults := list(lock.misfits(requirements.lines, requirements.source.name)):
            raise DeploymentError(faults)
        chosen = Environment(places.environments / lock.name)
        if not chosen.is_complete:
            _build(chosen, lock, installation)
        _check_inside(chosen, installation)
        environments.switch(places, chosen)
        installation.on_progress(f"{places.current} is now {chosen.name}")
    return chosen


def rollback(installation: Installation) -> None:
    """Switch to the previous environment and its lock.

    Raises:
        DeploymentError: There is none, or the deployment does not fit in it.
    """
    places = installation.places
    with installation.locked():
        used = environments.current(places)
        before = used.before if used is not None else None
        chosen = Environment(places.environments / before) if before else None
        if used is None or chosen is None or not chosen.is_complete:
            what = "there is no previous environment."
            fix = "install another lock: `mercato lock`, then `mercato install`"
            raise DeploymentError(
                [Fault("K120", Place(name=str(places.environments)), what, (Outside(fix),))]
            )
        newer = places.lock.read_bytes() if places.lock.exists() else None
        installed = (used.lock.read_bytes(), chosen.lock.read_bytes())
        # A lock that was not installed exists nowhere else: keep a copy before it is replaced.
        if newer is not None and newer not in installed:
            kept = places.lock.with_name(f"{places.lock.name}.kept")
            environments.write(kept, newer)
            installation.on_progress(
                f"{places.lock.name} was never installed; kept it as {kept.name}"
            )
        environments.write(places.lock, chosen.lock.read_bytes())
        try:
            _check_inside(chosen, installation)
        except DeploymentError:
            if newer is not None:
                environments.write(places.lock, newer)
            raise
        environments.link(places, chosen)
        installation.on_progress(f"{places.current} and {places.lock.name} are {chosen.name} again")


def _check_inside(chosen: Environment, installation: Installation) -> None:
    """Run ``mercato check`` in an environment.

    Raises:
        DeploymentError: With the faults it reports, or because it did not run (K120).
    """
    requirements = installation.requirements
    installation.on_progress(f"checking {requirements.source.name} in {chosen.name}")
    program = [str(chosen.python), "-I", "-m", "mercato_composition"]
    done = subprocess.run(  # noqa: S603 - our own command, in an environment of admitted wheels
        [*program, f"--deployment={requirements.file}", "check", "--offline", "--json"],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        found = json.loads(done.stdout)["faults"]
    except (ValueError, KeyError) as error:
        output = "\n".join(done.stderr.strip().splitlines()[-12:])
        what = f"`mercato check` did not run in {chosen.folder}:\n{output}"
        fix = "lock other versions; the current environment is unchanged"
        raise DeploymentError(
            [Fault("K120", Place(file=requirements.source.name), what, (Outside(fix),))]
        ) from error
    if done.returncode:
        raise DeploymentError(map(from_document, found))


def _build(chosen: Environment, lock: Lock, installation: Installation) -> None:
    """Download the wheels, check them, unpack them, and compare the result with them."""
    locked = lock.wheels()
    files = installation.fetch(locked)
    wheels = read_wheels(locked, files)
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
        fix = "correct it, and run `mercato install` again; the current environment is unchanged"
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
