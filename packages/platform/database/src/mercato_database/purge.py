"""Purge the data of a feature, unless the deployment or other features still use it."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from mercato_composition.faults import DeploymentError, Fault, Outside, Place
from mercato_database import ledger
from mercato_database.holdings import Holding, count_rows, holdings, rows_in_words
from mercato_database.locks import migration_lock
from mercato_database.references import count_referring, references
from mercato_kit.db import utc_now
from mercato_kit.feature import POLICIES, Feature
from mercato_kit.models import InboxDelivery, KnownFeature


@dataclass(frozen=True, slots=True)
class Purge:
    """A purge of the data of one feature.

    Args:
        feature: The name of the feature.
        named: The features that the deployment names.
        manifests: The manifests that could be loaded.
        drop_events: Delete events that wait for the feature's handlers.
        let_dangle: Leave dangling references in rows whose policy allows it.
    """

    feature: str
    named: Collection[str]
    manifests: Collection[Feature] = ()
    drop_events: bool = False
    let_dangle: bool = False

    def require_allowed(self, connection: sa.Connection, holding: Holding) -> None:
        """Check that the data may be deleted; nothing is written.

        Raises:
            DeploymentError: The deployment names the feature, rows of other features refer to its
                data, or events wait for its handlers (K311).
        """
        if blockers := list(self.blockers(connection)):
            counts = rows_of(connection, holding).items()
            rows = ", ".join(f"{table} {count}" for table, count in counts) or "none"
            what = "\n".join([*blockers, f"rows: {rows}", "nothing was purged"])
            copy = f"mercato data archive {self.feature}"
            fix = f"remove these obstacles; to keep a copy first: {copy}"
            raise DeploymentError(
                [Fault("K311", Place(name=f"data of {self.feature!r}"), what, (Outside(fix),))]
            )

    def run(
        self, engine: sa.Engine, *, wait_seconds: float, on_progress: Callable[[str], None]
    ) -> None:
        """Drop every table of the feature in one transaction; its ledger entry stays.

        Raises:
            DeploymentError: The purge is refused, as in :meth:`require_allowed`.
            LockHeldError: Another process held the migration lock for too long.
        """
        with (
            migration_lock(engine, wait_seconds=wait_seconds, on_progress=on_progress),
            engine.begin() as connection,
        ):
            holding = holdings(connection)[self.feature]
            # Look again under the lock: the database may have changed since the operator looked.
            self.require_allowed(connection, holding)
            for statement in _drops(connection, holding):
                connection.execute(sa.text(statement))
            if holding.entry is not None:
                connection.execute(sa.delete(InboxDelivery).where(self._for_its_handlers()))
                is_same = KnownFeature.feature == self.feature
                connection.execute(
                    sa.update(KnownFeature).where(is_same).values(purged_at=utc_now())
                )

    def blockers(self, connection: sa.Connection) -> Iterator[str]:
        """Say why the purge is refused, each with the option that allows it, if there is one."""
        if self.feature in self.named:
            yield f"the deployment names it: remove [features.{self.feature}] first"
        for reference in references(connection, ledger.read(connection), self.manifests):
            if reference.owner != self.feature or reference.feature == self.feature:
                continue
            if reference.may_dangle and self.let_dangle:
                continue
            if rows := count_referring(connection, reference):
                option = "; --let-dangle allows it" if reference.may_dangle else ""
                policy = POLICIES.get(reference.policy, reference.policy)
                counted = rows_in_words(rows)
                yield f"{reference.column} refers to it in {counted} ({policy}{option})"
        waiting = connection.scalar(
            sa.select(sa.func.count())
            .select_from(InboxDelivery)
            .where(self._for_its_handlers(), InboxDelivery.processed_at.is_(None))
        )
        if waiting and not self.drop_events:
            yield f"events that wait for its handlers: {waiting} (--drop-events deletes them)"

    def _for_its_handlers(self) -> sa.ColumnElement[bool]:
        return InboxDelivery.consumer.startswith(f"{self.feature}.", autoescape=True)


def rows_of(connection: sa.Connection, holding: Holding) -> dict[str, int]:
    """Count the rows of each table."""
    return {table: count_rows(connection, table) for table in holding.tables}


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
