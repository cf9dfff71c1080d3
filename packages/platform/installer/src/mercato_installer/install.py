"""``mercato install`` and ``mercato rollback``: from a lock to the environment that is used."""

import hashlib
import json
import subprocess
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from mercato_composition.deployment import lock as lockfile
from mercato_composition.deployment.lock import Lock
from mercato_composition.deployment.packages import Wish
from mercato_composition.deployment.places import Places
from mercato_composition.faults import DeploymentError
from mercato_composition.faults import Fault
from mercato_installer import environments
from mercato_installer.admission import admit
from mercato_installer.admission import look_into_all
from mercato_installer.download import fetch
from mercato_installer.environments import Environment
from mercato_installer.tools import ToolFailedError
from mercato_installer.tools import Uv
from mercato_installer.tools import environment
from mercato_installer.wheel import Wheel

_WRITTEN_BY_INSTALLERS = "RECORD INSTALLER REQUESTED direct_url.json uv_cache.json".split()

Progress = Callable[[str], None]


def install(
    wish: Wish,
    places: Places,
    uv: Uv,
    *,
    index: str | None,
    wait_seconds: float,
    on_progress: Progress,
) -> Environment:
    """Make the environment of the lock, check the deployment in it, and use it from now on.

    Every step can be repeated: an install that was interrupted goes on with the same call, and
    what is used stays what it was until the new one is known to be good.

    Args:
        wish: The deployment.
        places: Its lock and its environments.
        uv: Unpacks.
        index: The index; what is in its URL opens it.
        wait_seconds: How long to wait for somebody else who installs.
        on_progress: Told of each step.

    Raises:
        DeploymentError: Something is not as it should be; what was used is still used.
    """
    with environments.one_at_a_time(places, wait_seconds=wait_seconds, on_progress=on_progress):
        lock = lockfile.read(places.lock)
        require_made_for(lock, wish)
        chosen = Environment(places.environments / lock.name)
        if not chosen.is_complete:
            _build(chosen, lock, places, uv, index=index, on_progress=on_progress)
        on_progress(f"checking {wish.source.name} in {chosen.name}")
        check_inside(chosen, wish)
        environments.switch(places, chosen)
        on_progress(f"{places.current} is {chosen.name}")
    return chosen


def rollback(wish: Wish, places: Places, *, wait_seconds: float, on_progress: Progress) -> None:
    """Use the environment that was used before, and its lock.

    Raises:
        DeploymentError: There is none, or the deployment does not fit in it.
    """
    with environments.one_at_a_time(places, wait_seconds=wait_seconds, on_progress=on_progress):
        used = environments.current(places)
        before = used.before if used is not None else None
        chosen = Environment(places.environments / before) if before else None
        if used is None or chosen is None or not chosen.is_complete:
            what = "there is no environment that was used before this one."
            fix = "install another lock: `mercato lock`, then `mercato install`"
            raise DeploymentError([Fault("K120", str(places.environments), what, fix)])
        newer = places.lock.read_bytes() if places.lock.exists() else None
        installed = (used.lock.read_bytes(), chosen.lock.read_bytes())
        if newer is not None and newer not in installed:
            kept = places.lock.with_name(f"{places.lock.name}.kept")
            environments.write(kept, newer)
            on_progress(f"{places.lock.name} was never installed; it is now {kept.name}")
        environments.write(places.lock, chosen.lock.read_bytes())
        try:
            on_progress(f"checking {wish.source.name} in {chosen.name}")
            check_inside(chosen, wish)
        except DeploymentError:
            if newer is not None:
                environments.write(places.lock, newer)
            raise
        environments.link(places, chosen)
        on_progress(f"{places.current} is {chosen.name} again, and so is {places.lock.name}")


def require_made_for(lock: Lock, wish: Wish) -> None:
    """Refuse a lock that was made for another deployment file.

    Raises:
        DeploymentError: It names other packages, or other ranges.
    """
    if faults := list(lock.misfits(wish.lines, wish.source.name)):
        raise DeploymentError(faults)


def check_inside(chosen: Environment, wish: Wish) -> None:
    """Run ``mercato check`` in an environment.

    Raises:
        DeploymentError: With everything that does not fit there.
    """
    command = [
        str(chosen.python),
        "-I",
        "-m",
        "mercato_composition",
        f"--deployment={wish.file}",
    ]
    done = subprocess.run(  # noqa: S603 - our own command, in an environment of admitted wheels
        [*command, "check", "--offline", "--json"],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        found = json.loads(done.stdout)["faults"]
    except (ValueError, KeyError) as error:
        said = "\n".join(done.stderr.strip().splitlines()[-12:])
        what = f"`mercato check` did not run in {chosen.folder}:\n{said}"
        fix = "the environment that is used stays as it was; lock other versions"
        raise DeploymentError([Fault("K120", wish.source.name, what, fix)]) from error
    if done.returncode:
        known = {field.name for field in fields(Fault)}
        raise DeploymentError(
            Fault(**{key: value for key, value in fault.items() if key in known}) for fault in found
        )


def _build(
    chosen: Environment,
    lock: Lock,
    places: Places,
    uv: Uv,
    *,
    index: str | None,
    on_progress: Progress,
) -> None:
    """Fetch, admit, unpack, compare; in this order."""
    locked = lock.wheels()
    files = fetch(locked, places.wheels, index=index, on_progress=on_progress)
    wheels = look_into_all(locked, files)
    admit(wheels, lock.bindings)
    on_progress(f"admitted {len(wheels)} wheels; unpacking them into {chosen.folder}")
    lines = [
        f"{one.name} @ {file.as_uri()} --hash=sha256:{one.sha256}"
        for one, file in zip(locked, files, strict=True)
    ]
    try:
        chosen.make()
        uv.unpack(chosen.python, lines)
    except ToolFailedError as error:
        what = f"the wheels were not unpacked:\n{error}"
        fix = "what is used stays as it was; correct it, and type `mercato install` again"
        raise DeploymentError([Fault("K120", lock.path.name, what, fix)]) from error
    if strangers := list(_strangers(chosen, wheels)):
        what = "\n".join(
            ["after unpacking there are files that are not those admitted:", *strangers]
        )
        fix = "do not use it; tell whoever published the wheel, and lock another version"
        raise DeploymentError([Fault("K119", str(chosen.folder), what, fix)])
    chosen.complete(lock.text)


def _strangers(chosen: Environment, wheels: Sequence[Wheel]) -> Iterator[str]:
    """Find files that uv unpacked otherwise than the wheels were read here."""
    admitted = {path: digest for wheel in wheels for path, digest in wheel.members.items()}
    written = {f"{wheel.info}/{name}" for wheel in wheels for name in _WRITTEN_BY_INSTALLERS}
    programs = {path for wheel in wheels for path in wheel.programs.values()}
    there = {
        file.relative_to(chosen.packages).as_posix(): file
        for file in chosen.packages.rglob("*")
        if not file.is_dir()
    }
    # uv puts programs beside the interpreter.
    beside = {path: chosen.python.with_name(Path(path).name) for path in programs}
    there |= {path: file for path, file in beside.items() if file.is_file()}
    for path in sorted(there.keys() - written):
        with there[path].open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != admitted.get(path):
                yield path
    for path in sorted(admitted.keys() - there.keys() - written):
        yield f"{path} (not there)"
