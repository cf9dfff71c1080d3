"""The sessions that must be green before a release, run in a nox of their own."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import nox

from mercato_dev.distributions import ROOT
from mercato_dev.environments import PLAIN
from mercato_dev.refusal import refuse
from mercato_dev.units import Unit

# What looks at the whole workspace, once for all that is released together.
TOGETHER = ("lint", "types", "boundaries", "combinations")


def prove(session: nox.Session, units: Sequence[Unit]) -> None:
    """Run every session that says something of *units*; end *session* unless all are green.

    What was typed behind ``--`` is not passed on: it could choose a few tests of many.
    """
    wanted = [*TOGETHER, *(name for unit in units for name in sessions_of(unit))]
    # The folder of the environments that this nox has, also where the caller chose another.
    environments = session.cache_dir.parent.resolve()
    report = session.cache_dir.resolve() / "proof.json"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "nox", f"--noxfile={ROOT / 'noxfile.py'}"]
    command += [f"--envdir={environments}", f"--report={report}", "--session", *wanted]
    session.run(
        *command,
        env=PLAIN,
        external=True,
        # The report says more than the status, and is not there after some of them.
        success_codes=range(256),
        # An interrupted nox ends its own sessions first.
        interrupt_timeout=10,
        terminate_timeout=10,
    )
    if not report.exists():
        session.error("The sessions did not end: nothing is proven. What they said is above.")
    results = json.loads(report.read_text())["sessions"]
    refuse(
        session, "Not everything is green", (f"red: {name}" for name in find_red(wanted, results))
    )


def sessions_of(unit: Unit) -> Iterator[str]:
    """Name the sessions that prove one unit: some for each member, and ``compat`` once."""
    for item in unit.members:
        yield f"imports({item.short})"
        yield from (f"imports({item.short}+{extra})" for extra in item.extras)
        yield from (f"{name}({item.short})" for name in ("tests", "lowest"))
    yield f"compat({unit.short})"


def find_red(wanted: Iterable[str], results: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Name the sessions that failed, were skipped, or never ran.

    Args:
        wanted: The sessions that were asked for: by name, or by name and parameters.
        results: What became of the sessions that ran, as nox reports it.
    """
    ran = {one["name"]: one for one in results} | {
        signature: one for one in results for signature in one["signatures"]
    }
    yield from (f"{name} (did not run)" for name in wanted if name not in ran)
    for one in results:
        if one["result"] != "success":
            yield from one["signatures"] or [one["name"]]
