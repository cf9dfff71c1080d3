"""How the public Python of two sources of a package differs."""

import json
from collections.abc import Iterator
from pathlib import Path

import nox

from workspace.bumps.levels import Level
from workspace.bumps.levels import Reason
from workspace.distributions import ROOT
from workspace.environments import CLEAN
from workspace.environments import run_tool

PROGRAM = ROOT / ".ci/programs/compare_python.py"


def compare_python(
    session: nox.Session, before: Path, after: Path, module: str
) -> Iterator[Reason]:
    """Compare the public Python of a package; ``programs/compare_python.py`` says what that is.

    Args:
        session: The one that asks.
        before: The folder to put on a path to import the package as it was.
        after: The same, as it is.
        module: The name of the package.
    """
    command = ["python", "-I", str(PROGRAM), str(before), str(after), module]
    # Only what it prints is JSON; what it warns of goes to the terminal.
    said = run_tool(session, "release", *command, env=CLEAN, stderr=None)
    for level, what in json.loads(said):
        yield Reason(Level[level.upper()], "Python", what)
