"""The file ``surface.json`` of a distribution: made of the code, and read as it was committed."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import Any

import nox

from mercato_dev.distributions import (
    DISTRIBUTIONS,
    EVERYTHING,
    PROGRAMS,
    ROOT,
    TOOLS,
    Distribution,
    find_distribution,
)
from mercato_dev.environments import CLEAN, provide
from mercato_dev.history import git
from mercato_dev.refusal import refuse
from mercato_dev.surfaces.difference import compare

FILE = "surface.json"
HOST = "mercato-host"
SETTINGS = "mercato-composition"
"""The distribution whose settings are the tables of the deployment file."""
FACTORY = "--factory=mercato_host:create_app"
SECTIONS = "--sections=mercato_composition.report.settings:SECTIONS"


def describe(session: nox.Session, items: Iterable[Distribution]) -> Iterator[tuple[Path, str]]:
    """Describe what each of *items* shows, in an environment with all that is here.

    Returns:
        The file of each snapshot, and what it should be.
    """
    # Without a host of this repository there is none: an index may have another of that name.
    has_host = HOST in EVERYTHING
    provide(session, *(EVERYTHING if has_host else ()), groups=[f"{TOOLS}:surface"])
    for item in items:
        command = ["python", "-I", str(PROGRAMS / "describe.py"), str(item.folder)]
        command += [FACTORY] if has_host else []
        command += [SECTIONS] if item.name == SETTINGS else []
        # Only what it prints is JSON; what it warns of goes to the terminal.
        text = session.run(*command, env=CLEAN, silent=True, stderr=None, log=False)
        # nox takes the last line feed away.
        yield item.folder / FILE, f"{text}".rstrip("\n") + "\n"


def write_surfaces(session: nox.Session) -> None:
    """Write the snapshots of the distributions that were typed, or of all; or ``--check`` them."""
    names = [name for name in session.posargs if name != "--check"]
    try:
        items = [find_distribution(name) for name in names] or DISTRIBUTIONS
    except LookupError as error:
        session.error(str(error))
    if names != session.posargs:
        refuse(session, "Something else is shown", faults_of_surfaces(session, items))
        return
    for file, text in describe(session, items):
        file.write_text(text)


def faults_of_surfaces(session: nox.Session, items: Iterable[Distribution]) -> Iterator[str]:
    """Find snapshots that are not what the code shows."""
    for file, text in describe(session, items):
        said = file.read_text() if file.exists() else "{}"
        if said != text:
            found = [str(one) for one in compare(json.loads(said), json.loads(text))]
            what = "; ".join(found[:3]) or "its format"
            hint = f"run `nox -s surface -- {file.parent.name}` and commit it"
            yield f"{file.relative_to(ROOT)} is not what is shown ({what}): {hint}"


def read_snapshot(item: Distribution, revision: str = "") -> dict[str, Any]:
    """Read the snapshot of *item* as it was in a commit, or as it is; nothing if there is none.

    It is found by the name of the distribution, as folders move.
    """
    if not revision:
        file = item.folder / FILE
        return dict(json.loads(file.read_text())) if file.exists() else {}
    for path in git("ls-tree", "-r", "--name-only", revision):
        if PurePath(path).name == FILE:
            found = json.loads("\n".join(git("show", f"{revision}:{path}")))
            if found["name"] == item.name:
                return dict(found)
    return {}
