"""Build distributions in an environment that is independent of this machine."""

import os
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import nox

from mercato_dev.distributions import Distribution
from mercato_dev.environments import CLEAN, run_tool

# Two machines may differ in these, and must build the same.
HERE = {"PYTHONHASHSEED": "1", "TZ": "UTC0"}
ELSEWHERE = {"PYTHONHASHSEED": "2", "TZ": "NPT-5:45"}


@dataclass(frozen=True)
class Built:
    """The published files of one version; the sdist includes the tests."""

    wheel: Path
    sdist: Path


def build_release(
    session: nox.Session, item: Distribution, folder: Path, *, epoch: int, place: Mapping[str, str]
) -> Built:
    """Build the wheel and the sdist of *item* into *folder*.

    Args:
        session: The session.
        item: The distribution, in any folder.
        folder: The folder for the files.
        epoch: The date of the files inside, in seconds since 1970.
        place: Environment variables that describe the machine.
    """
    hatchling(session, item.folder, folder, epoch=epoch, place=place)
    return Built(folder / item.wheel.name, folder / f"{item.stem}.tar.gz")


def rebuild_wheel(session: nox.Session, sdist: Path, folder: Path, *, epoch: int) -> Path:
    """Build a wheel from an sdist into *folder*, as an installer does."""
    with tempfile.TemporaryDirectory() as made:
        sources = unpack(sdist, Path(made))
        hatchling(session, sources, folder, "--target=wheel", epoch=epoch, place=HERE)
    (wheel,) = folder.glob("*.whl")
    return wheel


def unpack(sdist: Path, folder: Path) -> Path:
    """Unpack an sdist into an empty folder, and return the folder of the sources.

    Only plain files inside it are written. (Python 3.11.0 has no filters for tarfile.)

    Raises:
        ValueError: It contains a link, a device, or a path that leads out of the folder.
    """
    with tarfile.open(sdist) as packed:
        for member in packed:
            path = PurePosixPath(member.name)
            content = packed.extractfile(member) if member.isreg() else None
            if path.is_absolute() or ".." in path.parts or not (content or member.isdir()):
                raise ValueError(f"{sdist.name}: {member.name} is not a plain file inside it")
            if content:
                file = folder / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content.read())
                file.chmod(0o755 if member.mode & 0o100 else 0o644)
    (sources,) = folder.iterdir()
    return sources


def hatchling(
    session: nox.Session,
    sources: Path,
    folder: Path,
    *options: str,
    epoch: int,
    place: Mapping[str, str],
) -> None:
    """Run the build backend of all our distributions."""
    # Only the sources may configure a build.
    unset = {name: None for name in os.environ if name.startswith("HATCH_")}
    env = {**CLEAN, **unset, **place, "SOURCE_DATE_EPOCH": str(epoch)}
    with session.chdir(sources):
        command = ["hatchling", "build", f"--directory={folder}", *options]
        run_tool(session, "publish", *command, env=env)
