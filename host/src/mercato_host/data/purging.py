"""How the data of a feature leaves: after a look at it, whole, and never from under others."""

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from mercato_database import ledger
from mercato_database.holdings import Holding
from mercato_database.holdings import count_rows
from mercato_database.holdings import holdings
from mercato_database.holdings import rows_in_words
from mercato_database.locks import one_at_a_time
from mercato_database.references import count_referring
from mercato_database.references import references
from mercato_kit.feature import POLICIES
from mercato_kit.feature import Feature
from mercato_kit.models import InboxDelivery


@dataclass(frozen=True, slots=True)
class Choices:
    """What the operator accepts to lose besides.

    Args:
        drop_events: Events that are parked for the feature's handlers.
        let_dangle: What rows that hold all they need refer to.
    """

    drop_events: bool = False
    let_dangle: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What a purge would take.

    Args:
        holding: Of which feature.
        rows: By table.
        blockers: Why it is refused; each with the choice that would allow it, if there is one.
    """

    holding: Holding
    rows: dict[str, int]
    blockers: tuple[str, ...]


class PurgeRefusedError(Exception):
    """Nothing was purged.

    Args:
        preview: What would have gone, and what is in the way.
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
    """Look at what a purge would take. Changes nothing.

    Args:
        connection: To the database.
        holding: Of the feature.
        named: Features that the deployment names.
        manifests: Those that could be loaded.
        choices: What the operator accepts to lose besides.
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
    """Drop every table of a feature, in one transaction. The ledger keeps that it was here.

    Raises:
        PurgeRefusedError: The deployment names it, others refer to it, or events wait for it.
        LockHeldError: Another process migrates, and does not end.
    """
    with (
        one_at_a_time(engine, wait_seconds=wait_seconds, on_progress=on_progress),
        engine.begin() as connection,
    ):
        holding = holdings(connection)[feature]
        seen = preview(connection, holding, named=named, manifests=manifests, choices=choices)
        if seen.blockers:
            raise PurgeRefusedError(seen)
        for statement in _drops(connection, holding):
            connection.execute(sa.text(statement))
        if holding.entry is not None:
            connection.execute(sa.delete(InboxDelivery).where(_for_handlers_of(feature)))
            ledger.mark_purged(connection, feature)


def _drops(connection: sa.Connection, holding: Holding) -> Iterator[str]:
    quote = connection.dialect.identifier_preparer.quote
    if connection.dialect.name == "postgresql":
        # In one statement, so that they may refer to each other in a ring.
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
            way_out = "; --let-dangle allows it" if reference.may_dangle else ""
            policy = POLICIES.get(reference.policy, reference.policy)
            told = rows_in_words(rows)
            yield f"{reference.column} refers to it in {told} ({policy}{way_out})"
    if choices.drop_events:
        return
    parked = connection.scalar(
        sa.select(sa.func.count())
        .select_from(InboxDelivery)
        .where(_for_handlers_of(feature), InboxDelivery.processed_at.is_(None))
    )
    if parked:
        yield f"events that wait for its handlers: {parked} (--drop-events forgets them)"


def _for_handlers_of(feature: str) -> sa.ColumnElement[bool]:
    return InboxDelivery.consumer.startswith(f"{feature}.", autoescape=True)
