"""Purge the data of a feature, unless the deployment or other features still use it."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from mercato_database import ledger
from mercato_database.holdings import Holding, count_rows, holdings, rows_in_words
from mercato_database.locks import migration_lock
from mercato_database.references import count_referring, references
from mercato_kit.feature import POLICIES, Feature
from mercato_kit.models import InboxDelivery


@dataclass(frozen=True, slots=True)
class Choices:
    """What the operator allows a purge to do besides.

    Args:
        drop_events: Delete events that wait for the feature's handlers.
        let_dangle: Leave dangling references in rows whose policy allows it.
    """

    drop_events: bool = False
    let_dangle: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What a purge would delete.

    Args:
        holding: The feature's data.
        rows: The number of rows by table.
        blockers: Why the purge is refused, each with the option that allows it, if there is one.
    """

    holding: Holding
    rows: dict[str, int]
    blockers: tuple[str, ...]


class PurgeRefusedError(Exception):
    """The purge was refused; nothing was deleted.

    Args:
        preview: The rows, and why the purge was refused.
    """

    def __init__(self, preview: Preview) -> None:
        super().__init__("; ".join(preview.blockers))
        self.preview = preview


def preview(
    connection: sa.Connection,
    holding: Holding,
    *,
    named: Collection[str],
    manifests: Collection[Feature] = (),
    choices: Choices = Choices(),
) -> Preview:
    """Return what a purge would delete, and why it would be refused.

    Args:
        connection: A connection to the database; nothing is written.
        holding: The feature's data.
        named: The features that the deployment names.
        manifests: The manifests that could be loaded.
        choices: What the operator allows besides.
    """
    rows = {table: count_rows(connection, table) for table in holding.tables}
    blockers = list(_blockers(connection, holding.feature, named, manifests, choices))
    return Preview(holding, rows, tuple(blockers))


def purge(
    engine: sa.Engine,
    feature: str,
    *,
    named: Collection[str],
    manifests: Collection[Feature] = (),
    choices: Choices = Choices(),
    wait_seconds: float,
    on_progress: Callable[[str], None] = lambda line: None,
) -> None:
    """Drop every table of a feature in one transaction; its ledger entry stays.

    Raises:
        PurgeRefusedError: The deployment names the feature, rows of other features refer to its
            data, or events wait for its handlers.
        LockHeldError: Another process held the migration lock for too long.
    """
    with (
        migration_lock(engine, wait_seconds=wait_seconds, on_progress=on_progress),
        engine.begin() as connection,
    ):
        holding = holdings(connection)[feature]
        # Look again under the lock: the database may have changed since the operator looked.
        found = preview(connection, holding, named=named, manifests=manifests, choices=choices)
        if found.blockers:
            raise PurgeRefusedError(found)
        for statement in _drops(connection, holding):
            connection.execute(sa.text(statement))
        if holding.entry is not None:
            connection.execute(sa.delete(InboxDelivery).where(_for_handlers_of(feature)))
            ledger.mark_purged(connection, feature)


def _drops(connection: sa.Connection, holding: Holding) -> Iterator[str]:
    quote = connection.dialect.identifier_preparer.quote
    if connection.dialect.name == "postgresql":
        # One statement, because foreign keys of the tables may form a ring.
        if holding.tables:
            yield f"DROP TABLE {', '.join(map(quote, holding.tables))}"
    else:
        yield "PRAGMA defer_foreign_keys = ON"
        order = sa.inspect(connection).get_sorted_table_and_fkc_names()
        names = [name for name, _ in order if name in holding.tables]
        yield from (f"DROP TABLE {quote(str(name))}" for name in reversed(names))
    yield from holding.leftovers


def _blockers(
    connection: sa.Connection,
    feature: str,
    named: Collection[str],
    manifests: Collection[Feature],
    choices: Choices,
) -> Iterator[str]:
    if feature in named:
        yield f"the deployment names it: remove [features.{feature}] first"
    for reference in references(connection, ledger.read(connection), manifests):
        if reference.owner != feature or reference.feature == feature:
            continue
        if reference.may_dangle and choices.let_dangle:
            continue
        if rows := count_referring(connection, reference):
            option = "; --let-dangle allows it" if reference.may_dangle else ""
            policy = POLICIES.get(reference.policy, reference.policy)
            counted = rows_in_words(rows)
            yield f"{reference.column} refers to it in {counted} ({policy}{option})"
    if choices.drop_events:
        return
    waiting = connection.scalar(
        sa.select(sa.func.count())
        .select_from(InboxDelivery)
        .where(_for_handlers_of(feature), InboxDelivery.processed_at.is_(None))
    )
    if waiting:
        yield f"events that wait for its handlers: {waiting} (--drop-events deletes them)"


def _for_handlers_of(feature: str) -> sa.ColumnElement[bool]:
    return InboxDelivery.consumer.startswith(f"{feature}.", autoescape=True)
