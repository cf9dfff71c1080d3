"""What is told about data: K301, K310, K311."""

from collections.abc import Collection
from collections.abc import Iterator

import sqlalchemy as sa

from mercato_composition.faults import Fault
from mercato_database.holdings import KIT
from mercato_database.holdings import Holding
from mercato_database.holdings import count_rows
from mercato_database.holdings import holdings
from mercato_database.holdings import rows_in_words
from mercato_database.plan import is_absent
from mercato_database.purge import Preview
from mercato_database.references import Dangling
from mercato_kit import transactions
from mercato_kit.feature import POLICIES

_GLANCE = 100_000
"""Rows of a table that are counted for a warning."""


def unnamed_data(engine: sa.Engine, named: Collection[str]) -> list[Fault]:
    """Find data of features that the deployment does not name (K301, a warning).

    Args:
        engine: To the database; one that does not answer holds nothing.
        named: The features that the deployment names.
    """
    if is_absent(engine):
        return []
    try:
        with transactions.reading(), engine.connect() as connection:
            return list(_unnamed(connection, named))
    except sa.exc.DBAPIError:
        # K207 says so.
        return []


def purge_refused(preview: Preview) -> Fault:
    """Say why nothing was purged (K311)."""
    feature = preview.holding.feature
    rows = ", ".join(f"{table} {count}" for table, count in preview.rows.items()) or "none"
    what = "\n".join([*preview.blockers, f"rows: {rows}", "nothing was purged"])
    fix = f"take away what is in the way; keep a copy first: mercato data archive {feature}"
    return Fault("K311", f"data of {feature!r}", what, fix)


def dangling_references(found: Dangling) -> Fault:
    """Say which rows name what is gone (K310); a warning where they may."""
    reference = found.reference
    rows = "1 row names" if found.rows == 1 else f"{found.rows} rows name"
    policy = POLICIES.get(reference.policy, reference.policy)
    what = (
        f"{reference.column}: {rows} {reference.word} that are gone from {reference.target}.\n"
        f"for example: {', '.join(found.samples)}\n"
        f"policy {reference.policy}: {policy}"
    )
    if reference.may_dangle:
        fix = "nothing; the rows say all there is to say"
        return Fault("K310", f"data of {reference.feature!r}", what, fix, "warning")
    fix = f"bring back what {reference.owner!r} lost, or delete the rows"
    return Fault("K310", f"data of {reference.feature!r}", what, fix)


def describe(holding: Holding) -> str:
    """Name the wheel and the schema of a holding: ``mercato-reviews 1.0.2, schema 0004``."""
    release = holding.release
    wheel = " ".join(filter(None, (release.distribution, release.version))) or "no wheel known"
    return f"{wheel}, schema {holding.head or (holding.entry and holding.entry.schema_head)}"


def _unnamed(connection: sa.Connection, named: Collection[str]) -> Iterator[Fault]:
    for holding in holdings(connection).values():
        name = holding.feature
        if name == KIT or name in named or not holding.exists:
            continue
        counts = [count_rows(connection, table, _GLANCE) for table in holding.tables]
        rows = rows_in_words(sum(counts), _GLANCE) if counts else "no tables"
        what = (
            f"it holds data of {name!r} ({describe(holding)}, {rows}), "
            "a feature this deployment does not name."
        )
        fix = (
            f"nothing; the data is kept and untouched. `mercato data show {name}` | "
            f"`mercato data archive {name}` | `mercato data purge {name}`"
        )
        yield Fault("K301", "database", what, fix, "warning")
