"""Run uv with a clean environment, so user settings cannot change the result."""

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import uv

Packages = list[dict[str, Any]]
"""``[[packages]]`` as a ``pylock.toml`` has them."""

_NOT_INHERITED = ("PIP_", "UV_", "PYTHON", "VIRTUAL_ENV", "CONDA_")


_NO_INDEX = re.compile(r"Failed to fetch|error sending request|[Cc]onnection refused|dns error")

_CONFLICT = "No solution found"

Reason = Literal["tool", "index", "conflict", "other"]
"""Why uv failed: it is not there, the index does not answer, or no versions fit together."""


class ToolFailedError(Exception):
    """uv failed; the message is the end of its output, or all of it if versions conflict."""

    def __init__(self, message: str, reason: Reason = "other") -> None:
        super().__init__(message)
        self.reason = reason


class Uv:
    """The program in the ``uv`` wheel of the running environment. ``PATH`` is not searched."""

    def resolve(self, requirements: Sequence[str], index: str | None) -> Packages:
        """Return wheels, with their hashes, whose versions fit together.

        Args:
            requirements: Names and ranges of versions.
            index: The URL of the index; uv's default if None.

        Raises:
            ToolFailedError: No versions fit together, or the index does not answer.
        """
        options = ["--format=pylock.toml", "--generate-hashes", "--no-cache", *_index(index)]
        output = _run(["compile", f"--python={sys.executable}", *options], requirements)
        packages: Packages = tomllib.loads(output)["packages"]
        return packages

    def unpack(self, python: Path, requirements: Sequence[str]) -> None:
        """Install local wheels into the environment of *python*.

        Args:
            python: The interpreter of the environment.
            requirements: Lines with a file URL and a hash each.

        Raises:
            ToolFailedError: A wheel does not fit the environment, or has another hash.
        """
        options = ["--no-cache", "--offline", "--no-index", "--no-deps", "--require-hashes"]
        _run(["install", f"--python={python}", *options, "--requirements"], requirements)

    def add(
        self,
        requirements: Sequence[str],
        constraints: Sequence[str],
        *,
        index: str | None,
        find_links: str | None,
    ) -> None:
        """Install requirements into the running environment.

        Args:
            requirements: Names and ranges of versions.
            constraints: Versions that must not change.
            index: The URL of the index; uv's default if None.
            find_links: An additional folder of wheels.

        Raises:
            ToolFailedError: They could not be installed.
        """
        options = _index(index)
        if find_links is not None:
            options += _links(Path(find_links).resolve())
        command = ["install", f"--python={sys.executable}", *options, "--requirements"]
        _run(command, requirements, constraints)


def clean_environment() -> dict[str, str]:
    """Return the environment variables without those that configure installers or Python."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)
    }


def _index(url: str | None) -> list[str]:
    return [f"--default-index={url}"] if url else []


def _links(folder: Path) -> list[str]:
    # uv caches a local wheel by its path, also after another wheel of that version was built.
    names = {wheel.name.partition("-")[0] for wheel in folder.glob("*.whl")}
    return [f"--find-links={folder}", *(f"--refresh-package={name}" for name in sorted(names))]


def _run(arguments: Sequence[str], requirements: Iterable[str], pins: Iterable[str] = ()) -> str:
    """Run ``uv pip`` on a file of requirements, and return its output."""
    # In an empty folder, uv finds no uv.toml or pyproject.toml that would configure it.
    with tempfile.TemporaryDirectory() as folder:
        file, constraints = Path(folder, "requirements.txt"), Path(folder, "constraints.txt")
        file.write_text("".join(f"{line}\n" for line in requirements), encoding="utf-8")
        constraints.write_text("".join(f"{line}\n" for line in pins), encoding="utf-8")
        options = ["--no-config", "--quiet", "--only-binary=:all:", f"--constraints={constraints}"]
        done = subprocess.run(  # noqa: S603 - no shell, and its arguments were checked
            [_binary(), "pip", arguments[0], *options, *arguments[1:], str(file)],
            env=clean_environment(),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise _failed(done.stderr.strip() or done.stdout.strip(), done.returncode)
    return done.stdout


def _failed(output: str, code: int) -> ToolFailedError:
    if _NO_INDEX.search(output):
        reason: Reason = "index"
    else:
        reason = "conflict" if _CONFLICT in output else "other"
    shown = output if reason == "conflict" else "\n".join(output.splitlines()[-12:])
    return ToolFailedError(shown or f"uv exited with {code}", reason)


def _binary() -> str:
    try:
        return uv.find_uv_bin()
    except FileNotFoundError as error:
        raise ToolFailedError(f"the uv wheel has no program: {error}", "tool") from error
