"""Make virtual environments that hold exactly what is declared."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nox

from mercato_dev.distributions import DISTRIBUTIONS, TOOLS, WORKSPACE, digest

# Without bytecode, every process compiles the libraries again, which takes three times as long.
PLAIN: dict[str, str | None] = {"PYTHONDONTWRITEBYTECODE": None, "PYTHONPATH": None}

# The caller's settings of a shop, of pytest or of Python must not change a test run.
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
    """Install exactly what is wanted, with its requirements, into the environment of *session*.

    Requirements on distributions of this repository are met by their wheels only, given by path.

    Args:
        session: The session.
        wanted: Requirements, by name.
        groups: Dependency groups, as ``path/to/pyproject.toml:group``.
        pins: Constraint files; what they do not name is installed in its newest version.
        wheels: The wheels of our distributions, by name. Default: those that ``build`` made.
        upgrade: Whether to replace installed libraries by newer ones.
    """
    wheels = built_wheels() if wheels is None else wheels
    files = [WORKSPACE, TOOLS, *(item.pyproject for item in DISTRIBUTIONS), *pins, *wheels.values()]
    files += [Path(group.rpartition(":")[0]) for group in groups]
    options = [f"--constraint={file}" for file in (pin_wheels(session, wheels), *pins)]
    options += ["--upgrade"] if upgrade else []
    options += [f"--group={group}" for group in groups]
    install(session, place(session, "."), [*options, *wanted], made_of=digest(files))


def install(session: nox.Session, environment: Path, words: Sequence[str], made_of: str) -> None:
    """Run ``uv pip install`` for an environment, unless it has been done.

    Args:
        session: The session.
        environment: The folder of the environment.
        words: Options and requirements; what they do not require is uninstalled.
        made_of: A hash of the files that *words* refer to.
    """
    stamp = environment / "provided.json"
    state = json.dumps([*words, made_of])
    if stamp.exists() and stamp.read_text() == state:
        return
    stamp.unlink(missing_ok=True)
    # Not session.install, which `nox -R` skips: the old wheel would be tested.
    command = ["uv", "pip", "install", "--exact", f"--python={environment}", *words]
    session.run(*command, env=PLAIN, silent=True)
    stamp.write_text(state)


def built_wheels() -> dict[str, Path]:
    """Return the existing wheels of this repository, by name."""
    return {item.name: item.wheel for item in DISTRIBUTIONS if item.wheel.exists()}


def pin_wheels(session: nox.Session, wheels: Mapping[str, Path]) -> Path:
    """Write constraints that allow only *wheels* for our names."""
    lines = [f"{name} @ {wheel.as_uri()}" for name, wheel in wheels.items()]
    # No version is below 0, so another distribution of that name in an index is not installed.
    lines += [f"{item.name}<0" for item in DISTRIBUTIONS if item.name not in wheels]
    constraints = place(session, "wheels.txt")
    constraints.write_text("".join(f"{line}\n" for line in lines))
    return constraints


def place(session: nox.Session, name: str) -> Path:
    """Return a path in the environment; ``session.create_tmp()`` would change TMPDIR of tests."""
    return Path(session.virtualenv.location, name).resolve()


def toolbox(session: nox.Session, group: str) -> Path:
    """Make an environment for tools beside that of *session*, which must not contain them.

    Args:
        session: The session.
        group: A dependency group of :data:`TOOLS`.

    Returns:
        The folder of the programs.
    """
    environment = place(session, ".").parent / f"tools-{group}"
    programs = environment / Path(session.bin).name
    if not programs.exists():
        session.run("uv", "venv", f"--python={sys.executable}", str(environment), silent=True)
    install(session, environment, [f"--group={TOOLS}:{group}"], made_of=digest([TOOLS]))
    return programs


def run_tool(
    session: nox.Session,
    group: str,
    *command: str,
    env: Mapping[str, str | None] = PLAIN,
    **options: Any,
) -> str:
    """Run a program of a :func:`toolbox`; show its output only if it fails.

    Args:
        session: The session.
        group: The dependency group of the toolbox.
        command: The program and its arguments.
        env: Environment variables; None unsets one.
        options: Other options of :meth:`nox.Session.run`.

    Returns:
        The output.
    """
    program = str(toolbox(session, group) / command[0])
    options = {"silent": True, "log": False} | options
    return str(session.run(program, *command[1:], env=env, external=True, **options))


def installed(session: nox.Session) -> list[str]:
    """Return the installed distributions as ``name==version`` or ``name @ URL``."""
    frozen = session.run("uv", "pip", "freeze", "--quiet", env=PLAIN, silent=True, log=False)
    return str(frozen).splitlines()
