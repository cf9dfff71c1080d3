"""Faults of data: K301, K310 and K311."""

from collections.abc import Collection, Iterator

import sqlalchemy as sa

from mercato_composition.faults import Fault
from mercato_database.holdings import KIT, Holding, count_rows, holdings, rows_in_words
from mercato_database.plan import is_absent
from mercato_database.purge import Preview
from mercato_database.references import Dangling
from mercato_kit import transactions
from mercato_kit.feature import POLICIES

_COUNTED = 100_000
"""Rows counted in one table for a warning: a check must stay fast."""


def unnamed_data(engine: sa.Engine, named: Collection[str]) -> list[Fault]:
    """Return a warning (K301) for each feature with data that the deployment does not name.

    Args:
        engine: An engine for the database; none is reported if it does not answer.
        named: The features that the deployment names.
    """
    if is_absent(engine):
        return []
    try:
        with transactions.reading(), engine.connect() as connection:
            return list(_unnamed(connection, named))
    except sa.exc.DBAPIError:
        # K207 reports this.
        return []


def purge_refused(preview: Preview) -> Fault:
    """Return the fault of a refused purge (K311)."""
    feature = preview.holding.feature
    rows = ", ".join(f"{table} {count}" for table, count in preview.rows.items()) or "none"
    what = "\n".join([*preview.blockers, f"rows: {rows}", "nothing was purged"])
    fix = f"remove these obstacles; to keep a copy first: mercato data archive {feature}"
    return Fault("K311", f"data of {feature!r}", what, fix)


def dangling_references(found: Dangling) -> Fault:
    """Return the fault of dangling references (K310); a warning if the policy allows them."""
    reference = found.reference
    rows = "1 row has" if found.rows == 1 else f"{found.rows} rows have"
    policy = POLICIES.get(reference.policy, reference.policy)
    what = (
        f"{reference.column}: {rows} ids of {reference.word} that are missing"
        f" from {reference.target}.\n"
        f"for example: {', '.join(found.samples)}\n"
        f"policy {reference.policy}: {policy}"
    )
    if reference.may_dangle:
        fix = "none needed; the rows hold all they need"
        return Fault("K310", f"data of {reference.feature!r}", what, fix, "warning")
    fix = f"restore the missing rows of {reference.owner!r}, or delete these rows"
    return Fault("K310", f"data of {reference.feature!r}", what, fix)


def describe(holding: Holding) -> str:
    """Return the wheel and the schema of a holding: ``mercato-reviews 1.0.2, schema 0004``."""
    release = holding.release
    wheel = " ".join(filter(None, (release.distribution, release.version))) or "unknown wheel"
    return f"{wheel}, schema {holding.head or (holding.entry and holding.entry.schema_head)}"


def _unnamed(connection: sa.Connection, named: Collection[str]) -> Iterator[Fault]:
    for holding in holdings(connection).values():
        name = holding.feature
        if name == KIT or name in named or not holding.exists:
            continue
        counts = [count_rows(connection, table, _COUNTED) for table in holding.tables]
        rows = rows_in_words(sum(counts), _COUNTED) if counts else "no tables"
        what = (
            f"it holds data of {name!r} ({describe(holding)}, {rows}), "
            "a feature that this deployment does not name."
        )
        fix = (
            f"none needed; the data is kept unchanged. `mercato data show {name}` | "
            f"`mercato data archive {name}` | `mercato data purge {name}`"
        )
        yield Fault("K301", "database", what, fix, "warning")
