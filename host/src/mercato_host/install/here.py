"""``mercato install --here``: installs what is missing into the environment that runs this.

For development. What it installs is neither locked nor looked into.
"""

import importlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from packaging.requirements import Requirement

from mercato_composition.deployment.host import host_requirements
from mercato_composition.deployment.model import Deployment
from mercato_composition.deployment.packages import requirements_of
from mercato_composition.faults import DeploymentError
from mercato_composition.faults import Fault
from mercato_composition.features.installed import installed_features
from mercato_installer.tools import environment


def missing(deployment: Deployment) -> list[Requirement]:
    """Return what has to be installed for the features that are named and not there.

    Raises:
        DeploymentError: A ``package`` is more than a name and a range of versions.
    """
    wanted, faults = requirements_of(deployment.features)
    if faults:
        raise DeploymentError(faults)
    there = installed_features()
    return [requirement for name, requirement in wanted.items() if name not in there]


def install_missing(
    deployment: Deployment, *, index: str | None = None, find_links: str | None = None
) -> list[Requirement]:
    """Install the missing features into the environment that runs this, from wheels only.

    Args:
        deployment: Names them.
        index: URL of the one index to use; the installer's own by default.
        find_links: A folder that has wheels, too.

    Returns:
        What was installed.

    Raises:
        DeploymentError: A ``package`` is not acceptable, or the installer failed.
    """
    wanted = missing(deployment)
    if not wanted:
        return []
    with tempfile.TemporaryDirectory() as folder:
        pins = Path(folder, "pins.txt")
        pins.write_text("".join(f"{name}=={version(name)}\n" for name in host_requirements()))
        command = [*_installer(index), f"--constraint={pins}"]
        if find_links is not None:
            command.append(f"--find-links={Path(find_links).resolve()}")
        command += ["--", *map(str, wanted)]
        done = subprocess.run(  # noqa: S603 - no shell, and nothing in it was not checked
            command, env=environment(), cwd=folder, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise DeploymentError([_failed(deployment, wanted, done.stderr or done.stdout)])
    importlib.invalidate_caches()
    return wanted


def _installer(index: str | None) -> list[str]:
    """Return the command of uv, or of pip where there is no uv."""
    uv = [sys.executable, "-m", "uv"] if importlib.util.find_spec("uv") else None
    if uv is None and (found := shutil.which("uv")):
        uv = [found]
    if uv is not None:
        chosen = [f"--default-index={index}"] if index else []
        place = ["--no-config", f"--python={sys.executable}"]
        return [*uv, "pip", "install", *place, "--only-binary=:all:", *chosen]
    if importlib.util.find_spec("pip") is None:
        fix = "install uv (https://docs.astral.sh/uv/), or pip into this environment"
        raise DeploymentError([Fault("K101", sys.executable, "there is neither uv nor pip.", fix)])
    chosen = [f"--index-url={index}"] if index else []
    quiet = ["--isolated", "--no-input", "--disable-pip-version-check"]
    return [sys.executable, "-m", "pip", *quiet, "install", "--only-binary=:all:", *chosen]


def _failed(deployment: Deployment, wanted: list[Requirement], said: str) -> Fault:
    named = ", ".join(map(str, wanted))
    last = said.strip().splitlines()[-12:]
    what = "\n".join([f"{named} could not be installed:", *last])
    fix = "correct the name or the versions, or say where it is: `mercato install --here --index`"
    return Fault("K101", deployment.source.name, what, fix)
