"""Write ``surface.json`` files from the code, and read committed ones."""

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
    TEST_GROUPS,
    TOOLS,
    Distribution,
    find_distribution,
)
from mercato_dev.environments import CLEAN, provide
from mercato_dev.floors import declared_requirements
from mercato_dev.history import git
from mercato_dev.refusal import refuse
from mercato_dev.surfaces.difference import compare

FILE = "surface.json"


def describe(session: nox.Session, items: Iterable[Distribution]) -> Iterator[tuple[Path, str]]:
    """Return the path and the text of the snapshot of each of *items*."""
    wanted, tests = (EVERYTHING, TEST_GROUPS) if has_host() else ([], [])
    provide(session, *wanted, groups=[*tests, f"{TOOLS}:surface"])
    for item in items:
        command = ["python", "-I", str(PROGRAMS / "describe.py"), str(item.folder)]
        # Standard output is JSON; warnings go to the terminal.
        text = session.run(*command, env=CLEAN, silent=True, stderr=None, log=False)
        # nox removes the last line feed.
        yield item.folder / FILE, f"{text}".rstrip("\n") + "\n"


def has_host() -> bool:
    """Return whether a host is a distribution of this repository, or is required by its tests."""
    required = {one.name for item in DISTRIBUTIONS for one in declared_requirements(item)}
    has_factory = any("mercato.app" in it.project.get("entry-points", {}) for it in DISTRIBUTIONS)
    return has_factory or not required.isdisjoint(("mercato-host", "mercato-testing"))


def write_surfaces(session: nox.Session) -> None:
    """Write the snapshots of the distributions on the command line, or all; or ``--check`` them."""
    names = [name for name in session.posargs if name != "--check"]
    try:
        items = [find_distribution(name) for name in names] or DISTRIBUTIONS
    except LookupError as error:
        session.error(str(error))
    if names != session.posargs:
        refuse(session, "The code shows something else", faults_of_surfaces(session, items))
        return
    for file, text in describe(session, items):
        file.write_text(text)


def faults_of_surfaces(session: nox.Session, items: Iterable[Distribution]) -> Iterator[str]:
    """Find snapshots that differ from what the code shows."""
    for file, text in describe(session, items):
        committed = file.read_text() if file.exists() else "{}"
        if committed != text:
            found = [str(one) for one in compare(json.loads(committed), json.loads(text))]
            what = "; ".join(found[:3]) or "its format"
            hint = f"run `nox -s surface -- {file.parent.name}` and commit it"
            yield f"{file.relative_to(ROOT)} is not what is shown ({what}): {hint}"


def read_snapshot(item: Distribution, revision: str = "") -> dict[str, Any]:
    """Read the snapshot of *item* from a commit or the work tree; empty if there is none.

    In a commit it is found by the distribution's name, because folders may move.
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
