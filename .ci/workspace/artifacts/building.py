"""What is built of a release, in an environment that says nothing of this machine."""

import os
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import nox

from workspace.distributions import Distribution
from workspace.environments import CLEAN
from workspace.environments import toolbox

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
