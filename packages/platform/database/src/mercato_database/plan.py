"""Plan an upgrade: its steps, or why it is refused. Does not import Alembic."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from mercato_database.history import History, Pending, current_revisions, pending_of
from mercato_database.revisions import Revision, forks
from mercato_kit import transactions
from mercato_kit.migrations import version_table


@dataclass(frozen=True, slots=True)
class Step:
    """The migrations of one feature in an upgrade.

    Args:
        history: The feature's history.
        current: The revision that the tables are at; None if there are no tables.
        now: The migrations to apply.
        later: The migrations that need ``--contract``.
    """

    history: History
    current: str | None
    now: tuple[Revision, ...]
    later: tuple[Revision, ...]

    @property
    def target(self) -> str | None:
        """The revision that the tables will be at."""
        return self.now[-1].number if self.now else self.current


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an upgrade does not begin.

    Args:
        code: K304, K307 or K308.
        feature: The feature that causes it.
        what: What is wrong.
        fix: What to do.
    """

    code: str
    feature: str
    what: str
    fix: str


@dataclass(frozen=True)
class Plan:
    """What an upgrade will do.

    Args:
        steps: The steps in the order in which they are applied.
        refusals: Why the upgrade does not begin; empty if it does.
        ahead: Features whose tables are newer than their wheel; their tables are not changed.
    """

    steps: tuple[Step, ...]
    refusals: tuple[Refusal, ...]
    ahead: tuple[Pending, ...]


def read(engine: sa.Engine, histories: Sequence[History]) -> Plan:
    """Plan an upgrade without contracting migrations; a missing SQLite file is not created."""
    if is_absent(engine):
        engine = empty_database()
    with transactions.reading(), engine.connect() as connection:
        return plan(connection, histories, contract=False)


def is_absent(engine: sa.Engine) -> bool:
    """Return whether a database is a missing SQLite file, which a connection would create."""
    return engine.dialect.name == "sqlite" and not Path(engine.url.database or "").exists()


def empty_database() -> sa.Engine:
    """Create an engine whose every connection opens a new, empty database in memory."""
    return sa.create_engine("sqlite://", poolclass=sa.pool.NullPool)


def plan(connection: sa.Connection, histories: Sequence[History], *, contract: bool) -> Plan:
    """Compare the database with the migrations of the wheels.

    Args:
        connection: A connection to the database; nothing is written.
        histories: The histories in dependency order.
        contract: Apply contracting migrations too.
    """
    names = {history.feature for history in histories}
    required = {other for one in histories for item in one.migrations for other in item.requires}
    current = current_revisions(connection, sorted(names | required))
    tables = set(sa.inspect(connection).get_table_names())
    steps = [_step(history, current.get(history.feature), contract) for history in histories]
    targets = current | {step.history.feature: step.target for step in steps if step.target}
    refusals = [
        *(refusal for step in steps for refusal in _unknown_tables(step, tables)),
        *(refusal for step in steps for refusal in _unmet(step, targets, current)),
        *(refusal for history in histories for refusal in two_heads(history)),
    ]
    ahead = [
        pending_of(connection, step.history, step.current)
        for step in steps
        if not step.now and not step.later and step.current != step.history.head
    ]
    return Plan(tuple(_in_order(steps, current)), tuple(refusals), tuple(ahead))


def two_heads(history: History) -> Iterator[Refusal]:
    """Find migrations that fork a history, so that it has two newest ones (K308)."""
    for fork in forks(history.migrations):
        number = f"{int(history.head or '0') + 1:04d}"
        renamed = fork.second.with_name(f"{number}_{fork.second.name.partition('_')[2]}")
        what = f"two migrations follow the same revision:\n{fork.first}\n{fork.second}"
        fix = (
            f"mv {fork.second} {renamed}\n"
            f"and set in it: revision = {number!r}, down_revision = {history.head!r}"
        )
        yield Refusal("K308", history.feature, what, fix)


def _step(history: History, current: str | None, contract: bool) -> Step:  # noqa: FBT001
    missing = history.after(current)
    # On a new database no older version runs that could use what a migration removes.
    waits = not contract and current is not None
    end = next((n for n, it in enumerate(missing) if waits and it.contracts), len(missing))
    return Step(history, current, tuple(missing[:end]), tuple(missing[end:]))


def _unknown_tables(step: Step, tables: set[str]) -> Iterator[Refusal]:
    """Refuse tables that exist without a revision (K304)."""
    if step.current is not None:
        return
    feature = step.history.feature
    own = set(step.history.metadata.tables)
    if existing := sorted(own & tables):
        missing = ", ".join(sorted(own - tables)) or "none"
        what = (
            f"its tables exist, but {version_table(feature)} has no revision.\n"
            f"tables: {', '.join(existing)}\nmissing tables: {missing}\n"
            "nothing was applied, because the revision of the tables is unknown"
        )
        fix = (
            f"if they match the newest revision: mercato db adopt {feature}\n"
            "if they belong to another application: use another database, or rename them"
        )
        yield Refusal("K304", feature, what, fix)


def _unmet(step: Step, targets: Mapping[str, str], current: Mapping[str, str]) -> Iterator[Refusal]:
    """Refuse a migration that requires a later revision of another feature (K307)."""
    feature = step.history.feature
    for revision in step.now:
        for other, needed in revision.requires.items():
            # A feature without tables here has no data that the migration could need.
            if other in targets and targets[other] < needed:
                what = (
                    f"{feature} {revision.number} requires {other} {needed}; "
                    f"the database has {other} {current.get(other, 'none')}"
                )
                fix = f"upgrade {other} first: install a version with its migration {needed}"
                yield Refusal("K307", feature, what, fix)


def _in_order(steps: Sequence[Step], current: Mapping[str, str]) -> Iterator[Step]:
    """Put each step behind those that its migrations require, and keep the order otherwise."""
    waiting = list(steps)
    reached = dict(current)
    while waiting:
        # If no step is ready, their requirements form a ring: take the first one.
        ready = next((step for step in waiting if _is_ready(step, waiting, reached)), waiting[0])
        waiting.remove(ready)
        if ready.target is not None:
            reached[ready.history.feature] = ready.target
        yield ready


def _is_ready(step: Step, waiting: Sequence[Step], reached: Mapping[str, str]) -> bool:
    to_come = {it.history.feature for it in waiting if it is not step}
    return not any(
        other in to_come and reached.get(other, "") < needed
        for revision in step.now
        for other, needed in revision.requires.items()
    )
