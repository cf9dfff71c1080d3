"""How the public Python of two sources of a package differs."""

import json
from collections.abc import Iterator
from pathlib import Path

import nox

from workspace.bumps.levels import Level
from workspace.bumps.levels import Reason
from workspace.distributions import ROOT
from workspace.environments import CLEAN
from workspace.environments import toolbox


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
    python = toolbox(session, "release") / "python"
    program = ROOT / ".ci/programs/compare_python.py"
    command = [str(word) for word in (python, "-I", program, before, after, module)]
    # Only what it prints is JSON; what it warns of goes to the terminal.
    said = session.run(*command, env=CLEAN, external=True, silent=True, stderr=None, log=False)
    for level, what in json.loads(str(said)):
        yield Reason(Level[level.upper()], "Python", what)
