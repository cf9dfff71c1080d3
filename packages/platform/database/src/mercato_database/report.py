"""The plan of an upgrade as JSON, for ``mercato db plan --json`` and ``mercato deploy``."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from mercato_database.history import KIT, Step
from mercato_database.holdings import COUNTED_IN_CHECKS, count_rows, holdings


def describe(steps: Sequence[Step], kept: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the members of the document of a plan.

    Args:
        steps: The plan's steps.
        kept: What :func:`unnamed_rows` found.
    """
    return {
        "heads": {step.feature: step.current for step in steps if step.current},
        "steps": [_step(step) for step in steps if step.missing],
        "kept": list(kept),
    }


def unnamed_rows(connection: sa.Connection, named: Collection[str]) -> list[dict[str, Any]]:
    """Count the rows of each feature that the database has and the deployment does not name.

    A table counts with 100,001 rows at most.
    """
    return [
        {
            "feature": name,
            "rows": sum(count_rows(connection, it, COUNTED_IN_CHECKS) for it in holding.tables),
        }
        for name, holding in holdings(connection).items()
        if name != KIT and name not in named and holding.exists
    ]


def _step(step: Step) -> dict[str, Any]:
    return {
        "feature": step.feature,
        "release": step.history.candidate.release,
        "from": step.current,
        "migrations": [
            {
                "revision": one.number,
                "phase": one.phase,
                "summary": one.summary,
                "waits": one in step.later,
            }
            for one in step.missing
        ],
    }
