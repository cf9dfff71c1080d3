"""What an upgrade will do, and what keeps it from beginning. Knows no Alembic."""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from mercato_database.history import History
from mercato_database.history import Pending
from mercato_database.history import current_revisions
from mercato_database.history import standing
from mercato_database.revisions import Revision
from mercato_database.revisions import forks
from mercato_kit import transactions
from mercato_kit.migrations import version_table


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to the tables of one feature.

    Args:
        history: Of the feature.
        current: The revision its tables are at; None where it has none.
        now: Migrations to apply.
        later: Migrations that wait until somebody asks for contracting ones.
    """

    history: History
    current: str | None
    now: tuple[Revision, ...]
    later: tuple[Revision, ...]

    @property
    def target(self) -> str | None:
        """The revision its tables will be at."""
        return self.now[-1].number if self.now else self.current


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an upgrade does not begin.

    Args:
        code: K304, K307 or K308.
        feature: Because of which feature.
        what: What is so.
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
        steps: In the order they are made.
        refusals: Why it does not begin.
        ahead: Features whose tables are newer than their wheel; their tables are left alone.
    """

    steps: tuple[Step, ...]
    refusals: tuple[Refusal, ...]
    ahead: tuple[Pending, ...]


def read(engine: sa.Engine, histories: Sequence[History]) -> Plan:
    """Plan an upgrade that applies no contracting migrations; a file is not made by asking."""
    if is_absent(engine):
        engine = empty_database()
    with transactions.reading(), engine.connect() as connection:
        return plan(connection, histories, contract=False)


def is_absent(engine: sa.Engine) -> bool:
    """Tell whether a database is a file that is not there: to open it would make it."""
    return engine.dialect.name == "sqlite" and not Path(engine.url.database or "").exists()


def empty_database() -> sa.Engine:
    """Make an engine to a database with nothing in it, a new one for each connection."""
    return sa.create_engine("sqlite://", poolclass=sa.pool.NullPool)


def plan(connection: sa.Connection, histories: Sequence[History], *, contract: bool) -> Plan:
    """Compare the database with the migrations of the wheels.

    Args:
        connection: To the database; nothing is written.
        histories: In dependency order.
        contract: Apply contracting migrations too.
    """
    names = {history.feature for history in histories}
    asked = {name for history in histories for item in history.migrations for name in item.requires}
    current = current_revisions(connection, sorted(names | asked))
    tables = set(sa.inspect(connection).get_table_names())
    steps = [_step(history, current.get(history.feature), contract) for history in histories]
    targets = current | {step.history.feature: step.target for step in steps if step.target}
    refusals = [
        *(refusal for step in steps for refusal in _unknown_tables(step, tables)),
        *(refusal for step in steps for refusal in _unmet(step, targets, current)),
        *(refusal for history in histories for refusal in two_heads(history)),
    ]
    ahead = [
        standing(connection, step.history, step.current)
        for step in steps
        if not step.now and not step.later and step.current != step.history.head
    ]
    return Plan(tuple(_in_order(steps, current)), tuple(refusals), tuple(ahead))


def two_heads(history: History) -> Iterator[Refusal]:
    """Find migrations that would each be the newest (K308)."""
    for fork in forks(history.migrations):
        number = f"{int(history.head or '0') + 1:04d}"
        renamed = fork.second.with_name(f"{number}_{fork.second.name.partition('_')[2]}")
        what = f"two migrations follow the same one:\n{fork.first}\n{fork.second}"
        fix = (
            f"mv {fork.second} {renamed}\n"
            f"and say in it: revision = {number!r}, down_revision = {history.head!r}"
        )
        yield Refusal("K308", history.feature, what, fix)


def _step(history: History, current: str | None, contract: bool) -> Step:  # noqa: FBT001
    missing = history.after(current)
    # The first time nobody is there who could still use what is taken away.
    waits = not contract and current is not None
    end = next((n for n, it in enumerate(missing) if waits and it.contracts), len(missing))
    return Step(history, current, tuple(missing[:end]), tuple(missing[end:]))


def _unknown_tables(step: Step, tables: set[str]) -> Iterator[Refusal]:
    """K304: tables that no migration of ours made would be in the way, or be taken for ours."""
    if step.current is not None:
        return
    feature = step.history.feature
    own = set(step.history.metadata.tables)
    if there := sorted(own & tables):
        absent = ", ".join(sorted(own - tables)) or "none"
        what = (
            f"its tables exist, and {version_table(feature)} says no revision.\n"
            f"tables: {', '.join(there)}\nof its models, absent: {absent}\n"
            "nothing was applied, and nobody guesses which revision they are at"
        )
        fix = (
            f"if they are what the newest revision makes: mercato db adopt {feature}\n"
            "if they are somebody else's: use another database, or rename them"
        )
        yield Refusal("K304", feature, what, fix)


def _unmet(step: Step, targets: Mapping[str, str], current: Mapping[str, str]) -> Iterator[Refusal]:
    """K307: a migration needs what a migration of another feature makes."""
    feature = step.history.feature
    for revision in step.now:
        for other, needed in revision.requires.items():
            # A feature that was never here has nothing to wait for.
            if other in targets and targets[other] < needed:
                has = current.get(other, "none")
                what = (
                    f"{feature} {revision.number} waits for {other} {needed}; "
                    f"database has {other} {has}"
                )
                fix = f"upgrade {other} first: a wheel with its migration {needed}, then this one"
                yield Refusal("K307", feature, what, fix)


def _in_order(steps: Sequence[Step], current: Mapping[str, str]) -> Iterator[Step]:
    """Put each step behind those that its migrations require; else leave the order alone."""
    waiting = list(steps)
    reached = dict(current)
    while waiting:
        ready = next((step for step in waiting if _may_begin(step, waiting, reached)), waiting[0])
        waiting.remove(ready)
        if ready.target is not None:
            reached[ready.history.feature] = ready.target
        yield ready


def _may_begin(step: Step, waiting: Sequence[Step], reached: Mapping[str, str]) -> bool:
    to_come = {it.history.feature for it in waiting if it is not step}
    return not any(
        other in to_come and reached.get(other, "") < needed
        for revision in step.now
        for other, needed in revision.requires.items()
    )
