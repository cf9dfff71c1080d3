"""Run the sessions that must be green before a release, in another nox process."""

import json
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import nox

from mercato_dev.distributions import ROOT, WORKSPACE
from mercato_dev.environments import PLAIN
from mercato_dev.refusal import refuse
from mercato_dev.units import Unit

TOGETHER = ("lint", "types", "boundaries")
"""Sessions that check the whole workspace. ``[tool.mercato]`` names others as ``gates``."""


def prove(session: nox.Session, units: Sequence[Unit], *, workspace: bool = True) -> None:
    """Run every session that checks *units*, and end *session* unless all succeed.

    Arguments behind ``--`` are not passed on, because they could select a few tests.

    Args:
        session: The session.
        units: The units.
        workspace: Whether to run those that check the whole workspace, too.
    """
    wanted = [*TOGETHER, *own_gates()] if workspace else []
    wanted += [name for unit in units for name in sessions_of(unit)]
    # The environments of this nox, even if the caller chose another folder with --envdir.
    environments = session.cache_dir.parent.resolve()
    report = session.cache_dir.resolve() / "proof.json"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "nox", f"--noxfile={ROOT / 'noxfile.py'}"]
    command += [f"--envdir={environments}", f"--report={report}", "--session", *wanted]
    session.run(
        *command,
        env=PLAIN,
        external=True,
        # The report has more than the status, and is missing after some failures.
        success_codes=range(256),
        # An interrupted nox first ends its own sessions.
        interrupt_timeout=10,
        terminate_timeout=10,
    )
    if not report.exists():
        session.error("The sessions did not end, so nothing is proven. See their output above")
    results = json.loads(report.read_text())["sessions"]
    refuse(session, "Not all sessions succeed", (f"red: {it}" for it in find_red(wanted, results)))


def own_gates() -> list[str]:
    """Return the sessions of this repository's own that check the whole workspace."""
    tools = tomllib.loads(WORKSPACE.read_text()).get("tool", {})
    return list(tools.get("mercato", {}).get("gates", []))


def sessions_of(unit: Unit) -> Iterator[str]:
    """Return the sessions that check one unit: some for each member, ``compat`` once."""
    for item in unit.members:
        yield f"imports({item.short})"
        yield from (f"imports({item.short}+{extra})" for extra in item.extras)
        yield from (f"{name}({item.short})" for name in ("tests", "lowest"))
    yield f"compat({unit.short})"


def find_red(wanted: Iterable[str], results: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Return the sessions that failed, were skipped, or did not run.

    Args:
        wanted: The requested sessions, by name or by name and parameters.
        results: The results in nox's report.
    """
    ran = {one["name"]: one for one in results} | {
        signature: one for one in results for signature in one["signatures"]
    }
    yield from (f"{name} (did not run)" for name in wanted if name not in ran)
    for one in results:
        if one["result"] != "success":
            yield from one["signatures"] or [one["name"]]
