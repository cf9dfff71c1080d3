"""Wheels, built where their sources changed; releases, built from a commit."""

import os
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import nox

from workspace.distributions import DIST
from workspace.distributions import Distribution
from workspace.environments import CLEAN
from workspace.environments import PLAIN
from workspace.environments import toolbox

# What may differ between two machines, and must not be seen in what they build.
HERE = {"PYTHONHASHSEED": "1", "TZ": "UTC0"}
ELSEWHERE = {"PYTHONHASHSEED": "2", "TZ": "NPT-5:45"}


def is_built(item: Distribution) -> bool:
    """Tell whether the wheel in dist/ was made of the sources as they are."""
    stamp = item.wheel.with_suffix(".sha256")
    return item.wheel.exists() and stamp.exists() and stamp.read_text() == item.digest()


def build_wheel(session: nox.Session, item: Distribution) -> None:
    """Build one wheel, put it into place in one step, and drop those of other versions."""
    made_of = item.digest()
    DIST.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=DIST) as made, session.chdir(item.folder):
        command = ["hatchling", "build", "--target=wheel", f"--directory={made}"]
        session.run(*command, env=PLAIN, silent=True)
        Path(made, item.wheel.name).replace(item.wheel)
    item.wheel.with_suffix(".sha256").write_text(made_of)
    for old in DIST.glob(f"{item.module}-*"):
        if old.stem != item.wheel.stem:
            old.unlink()


# What is said of a file that was cut off, or is none of ours.
UNREADABLE = (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, zlib.error)


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
    name = f"{item.module}-{item.project['version']}"
    return Built(folder / f"{name}-py3-none-any.whl", folder / f"{name}.tar.gz")


def rebuild_wheel(session: nox.Session, sdist: Path, folder: Path, *, epoch: int) -> Path:
    """Build a wheel into *folder* from an sdist, as an installer would."""
    with tempfile.TemporaryDirectory() as made, tarfile.open(sdist) as packed:
        packed.extractall(made, filter="data")
        (sources,) = Path(made).iterdir()
        hatchling(session, sources, folder, "--target=wheel", epoch=epoch)
    (wheel,) = folder.glob("*.whl")
    return wheel


def hatchling(
    session: nox.Session,
    sources: Path,
    folder: Path,
    *options: str,
    epoch: int,
    place: Mapping[str, str] = HERE,
) -> None:
    """Run the build that all of our distributions have."""
    program = str(toolbox(session, "publish") / "hatchling")
    # Settings that change a build come from the sources alone.
    unset = {name: None for name in os.environ if name.startswith("HATCH_")}
    env = {**CLEAN, **unset, **place, "SOURCE_DATE_EPOCH": str(epoch)}
    with session.chdir(sources):
        command = [program, "build", f"--directory={folder}", *options]
        session.run(*command, env=env, silent=True, external=True, log=False)


def differences(one: Path, other: Path) -> list[str]:
    """Name what differs between two wheels, or two sdists; nothing if they are the same bytes."""
    if one.read_bytes() == other.read_bytes():
        return []
    try:
        before, after = unpack(one), unpack(other)
    except UNREADABLE:
        return ["one of them is not whole"]
    names = sorted(before.keys() | after.keys())
    differing = [name for name in names if before.get(name) != after.get(name)]
    return differing or ["nothing but the way they are packed"]


def unpack(file: Path) -> dict[str, bytes]:
    """Read what is inside a wheel or an sdist, by name."""
    if file.suffix == ".whl":
        with zipfile.ZipFile(file) as opened:
            return {name: opened.read(name) for name in opened.namelist()}
    with tarfile.open(file) as packed:
        files = {member.name: packed.extractfile(member) for member in packed}
        return {name: content.read() for name, content in files.items() if content}
