"""uv, or pip where there is no uv. They resolve and unpack, and hear nobody but us."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import Protocol

Packages = list[dict[str, Any]]
"""``[[packages]]`` as a ``pylock.toml`` has them."""

_NOT_INHERITED = ("PIP_", "UV_", "PYTHON", "VIRTUAL_ENV", "CONDA_")


class ToolFailedError(Exception):
    """The tool said no; the message is the end of what it said."""


class Tool(Protocol):
    """What resolves requirements and unpacks wheels."""

    def resolve(self, requirements: Sequence[str], index: str | None) -> Packages:
        """Find versions that fit together, as wheels with their hashes.

        Raises:
            ToolFailedError: There are none, or the index does not answer.
        """
        ...

    def unpack(self, python: Path, requirements: str) -> None:
        """Install local wheels into the environment of *python*.

        Args:
            python: Its interpreter.
            requirements: Lines with a path and a hash each.

        Raises:
            ToolFailedError: One does not fit, or has other bytes.
        """
        ...


@dataclass(frozen=True)
class Uv:
    """uv, started by *command*."""

    command: tuple[str, ...]

    def resolve(self, requirements: Sequence[str], index: str | None) -> Packages:
        """See :class:`Tool`."""
        chosen = [f"--default-index={index}"] if index else []
        options = ["--format=pylock.toml", "--generate-hashes", "--only-binary=:all:", "--quiet"]
        place = ["--no-config", "--no-cache", f"--python={sys.executable}"]
        said = _run(
            [*self.command, "pip", "compile", *place, *options, *chosen], lines=requirements
        )
        packages: Packages = tomllib.loads(said)["packages"]
        return packages

    def unpack(self, python: Path, requirements: str) -> None:
        """See :class:`Tool`."""
        place = ["--no-config", "--no-cache", "--offline", "--no-index", f"--python={python}"]
        only = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--quiet", "--requirements"]
        _run([*self.command, "pip", "install", *place, *only], lines=[requirements])


@dataclass(frozen=True)
class Pip:
    """pip, started by *command*."""

    command: tuple[str, ...]

    _QUIET = ("--isolated", "--no-input", "--disable-pip-version-check", "--no-cache-dir")

    def resolve(self, requirements: Sequence[str], index: str | None) -> Packages:
        """See :class:`Tool`."""
        chosen = [f"--index-url={index}"] if index else []
        options = ["--dry-run", "--ignore-installed", "--only-binary=:all:", "--quiet"]
        command = [*self.command, *self._QUIET, "install", *options, *chosen]
        said = _run([*command, "--report=-", "--requirement"], lines=requirements)
        return [_of_report(found) for found in json.loads(said)["install"]]

    def unpack(self, python: Path, requirements: str) -> None:
        """See :class:`Tool`."""
        only = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--no-index"]
        command = [*self.command, f"--python={python}", *self._QUIET, "install", "--no-compile"]
        _run([*command, *only, "--quiet", "--requirement"], lines=[requirements])


def find_tool() -> Tool:
    """Return uv, or pip where there is no uv.

    Raises:
        ToolFailedError: There is neither.
    """
    if importlib.util.find_spec("uv"):
        return Uv((sys.executable, "-m", "uv"))
    if found := shutil.which("uv"):
        return Uv((found,))
    if importlib.util.find_spec("pip"):
        return Pip((sys.executable, "-m", "pip"))
    raise ToolFailedError("there is neither uv nor pip here: install uv, or pip")


def environment() -> dict[str, str]:
    """Return the environment without what would bend an installer or an interpreter."""
    plain = {
        name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)
    }
    # --isolated still reads the machine's own file, which may name another index.
    return plain | {"PIP_CONFIG_FILE": os.devnull}


def _run(command: Sequence[str], *, lines: Sequence[str]) -> str:
    """Run *command* with the path of a file with *lines* as its last argument."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "requirements.txt")
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        done = subprocess.run(  # noqa: S603 - no shell, and nothing in it was not checked
            [*command, str(file)],
            env=environment(),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise ToolFailedError("\n".join(said[-12:]) or f"{command[0]} ended {done.returncode}")
    return done.stdout


def _of_report(found: Mapping[str, Any]) -> dict[str, Any]:
    """Turn an entry of pip's installation report into one of ``[[packages]]``."""
    download = found["download_info"]
    hashes = download.get("archive_info", {}).get("hashes", {})
    return {
        "name": found["metadata"]["name"],
        "version": found["metadata"]["version"],
        "wheels": [{"url": download["url"], "hashes": hashes}],
    }
