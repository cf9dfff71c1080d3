"""What is built of a release, in an environment that says nothing of this machine."""

import os
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import nox

from mercato_dev.distributions import Distribution
from mercato_dev.environments import CLEAN, run_tool

# What may differ between two machines, and must not be seen in what they build.
HERE = {"PYTHONHASHSEED": "1", "TZ": "UTC0"}
ELSEWHERE = {"PYTHONHASHSEED": "2", "TZ": "NPT-5:45"}


@dataclass(frozen=True)
class Built:
    """What is published of one version: a wheel to install, and the sources with their tests."""

    wheel: Path
    sdist: Path


def build_release(
    session: nox.Session,
    item: Distribution,
    folder: Path,
    *,
    epoch: int,
    place: Mapping[str, str] = HERE,
) -> Built:
    """Build wheel and sdist of the sources that *item* names, wherever they are, into *folder*.

    Args:
        session: Who builds.
        item: The sources.
        folder: Where the files go.
        epoch: What the files inside are dated: seconds since 1970.
        place: What the environment says of the machine.
    """
    hatchling(session, item.folder, folder, epoch=epoch, place=place)
    return Built(folder / item.wheel.name, folder / f"{item.stem}.tar.gz")


def rebuild_wheel(session: nox.Session, sdist: Path, folder: Path, *, epoch: int) -> Path:
    """Build a wheel into *folder* from an sdist, as an installer would."""
    with tempfile.TemporaryDirectory() as made:
        hatchling(session, unpack(sdist, Path(made)), folder, "--target=wheel", epoch=epoch)
    (wheel,) = folder.glob("*.whl")
    return wheel


def unpack(sdist: Path, folder: Path) -> Path:
    """Unpack an sdist into an empty folder; return the one that it has the sources in.

    Only plain files within it are written. (The filters of tarfile are not in every Python 3.11.)

    Raises:
        ValueError: It holds a link, a device, or what would leave the folder.
    """
    with tarfile.open(sdist) as packed:
        for member in packed:
            path = PurePosixPath(member.name)
            content = packed.extractfile(member) if member.isreg() else None
            if path.is_absolute() or ".." in path.parts or not (content or member.isdir()):
                raise ValueError(f"{sdist.name}: {member.name} is no plain file within it")
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
    place: Mapping[str, str] = HERE,
) -> None:
    """Run the build that all of our distributions have."""
    # Settings that change a build come from the sources alone.
    unset = {name: None for name in os.environ if name.startswith("HATCH_")}
    env = {**CLEAN, **unset, **place, "SOURCE_DATE_EPOCH": str(epoch)}
    with session.chdir(sources):
        command = ["hatchling", "build", f"--directory={folder}", *options]
        run_tool(session, "publish", *command, env=env)
