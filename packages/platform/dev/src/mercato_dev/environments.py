"""What the environment of a session holds: what is declared, and nothing else."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nox

from mercato_dev.distributions import DISTRIBUTIONS, TOOLS, WORKSPACE, digest

# Where bytecode is not kept, every process compiles the libraries again: three times as slow.
PLAIN: dict[str, str | None] = {"PYTHONDONTWRITEBYTECODE": None, "PYTHONPATH": None}

# Tests see nothing that the caller set for a shop, a test run or an interpreter of his own.
PRIVATE = ("MERCATO_", "PYTEST_", "PYTHON")
CLEAN = PLAIN | {name: None for name in os.environ if name.startswith(PRIVATE)}


def provide(
    session: nox.Session,
    *wanted: str,
    groups: Sequence[str] = (),
    pins: Sequence[Path] = (),
    wheels: Mapping[str, Path] | None = None,
    upgrade: bool = False,
) -> None:
    """Make the environment of *session* hold what is wanted and what that declares: exactly.

    A requirement that is met by this repository is met by its wheel, named by path. An
    environment that is right already is left alone.

    Args:
        session: Whose environment.
        wanted: Requirements, by name.
        groups: Dependency groups, as ``path/to/pyproject.toml:group``.
        pins: Files with the versions to take; of what they do not name, the newest.
        wheels: The wheels of ours, by name; those that ``build`` made, if nothing is said.
        upgrade: Whether libraries that were newest at another time give way to the newest.
    """
    wheels = built_wheels() if wheels is None else wheels
    files = [WORKSPACE, TOOLS, *(item.pyproject for item in DISTRIBUTIONS), *pins, *wheels.values()]
    files += [Path(group.rpartition(":")[0]) for group in groups]
    state = json.dumps([wanted, groups, digest(files)])
    stamp = place(session, "provided.json")
    if stamp.exists() and stamp.read_text() == state:
        return

    stamp.unlink(missing_ok=True)
    command = ["uv", "pip", "install", "--exact"]
    command += [f"--constraint={file}" for file in (pin_wheels(session, wheels), *pins)]
    command += ["--upgrade"] if upgrade else []
    command += [f"--group={group}" for group in groups]
    # Not session.install: `nox -R` would skip it and test the wheel of yesterday.
    session.run(*command, *wanted, env=PLAIN, silent=True)
    stamp.write_text(state)


def built_wheels() -> dict[str, Path]:
    """Find the wheels of this repository, by name, as far as they are built."""
    return {item.name: item.wheel for item in DISTRIBUTIONS if item.wheel.exists()}


def pin_wheels(session: nox.Session, wheels: Mapping[str, Path]) -> Path:
    """Write down as constraints that what is ours is one of *wheels*, and nobody else's."""
    lines = [f"{name} @ {wheel.as_uri()}" for name, wheel in wheels.items()]
    # An index may have something under a name of ours. No version is below 0.
    lines += [f"{item.name}<0" for item in DISTRIBUTIONS if item.name not in wheels]
    constraints = place(session, "wheels.txt")
    constraints.write_text("".join(f"{line}\n" for line in lines))
    return constraints


def place(session: nox.Session, name: str) -> Path:
    """Name a file of ours within the environment; create_tmp() would move TMPDIR for the tests."""
    return Path(session.virtualenv.location, name).resolve()


def toolbox(session: nox.Session, group: str) -> Path:
    """Make an environment beside the session's own that holds a group of :data:`TOOLS`.

    For tools that serve a session, and must not be there for what it tests.

    Returns:
        The folder of its programs.
    """
    folder = place(session, ".").parent / f"tools-{group}"
    programs = folder / Path(session.bin).name
    state = json.dumps([group, digest([TOOLS])])
    stamp = folder / "provided.json"
    if stamp.exists() and stamp.read_text() == state:
        return programs

    stamp.unlink(missing_ok=True)
    if not programs.exists():
        session.run("uv", "venv", f"--python={sys.executable}", str(folder), silent=True)
    python = f"--python={programs / 'python'}"
    command = ["uv", "pip", "install", "--exact", python, f"--group={TOOLS}:{group}"]
    session.run(*command, env=PLAIN, silent=True)
    stamp.write_text(state)
    return programs


def run_tool(
    session: nox.Session,
    group: str,
    *command: str,
    env: Mapping[str, str | None] = PLAIN,
    **options: Any,
) -> str:
    """Run a program of a :func:`toolbox`, unseen unless it fails.

    Args:
        session: Who runs it.
        group: Which toolbox.
        command: The program, and what it is told.
        env: What the environment says, and does not (None).
        options: Others of :meth:`nox.Session.run`.

    Returns:
        What it prints.
    """
    program = str(toolbox(session, group) / command[0])
    options = {"silent": True, "log": False} | options
    return str(session.run(program, *command[1:], env=env, external=True, **options))


def installed(session: nox.Session) -> list[str]:
    """Ask what the environment of *session* holds: ``name==version``, or ``name @ URL`` each."""
    frozen = session.run("uv", "pip", "freeze", "--quiet", env=PLAIN, silent=True, log=False)
    return str(frozen).splitlines()
