"""Plan an upgrade: its steps, or why it is refused. Does not import Alembic."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from mercato_composition.faults import Fault, Outside, mercato
from mercato_database.faults import pending_fault
from mercato_database.history import History, Step, current_revisions, step_of
from mercato_database.revisions import forks
from mercato_kit import transactions
from mercato_kit.migrations import version_table


@dataclass(frozen=True)
class Plan:
    """What an upgrade will do.

    Args:
        steps: The steps in the order in which they are applied.
        faults: Why the upgrade does not begin, and warnings about tables that are newer than their
            wheel and are not changed.
    """

    steps: tuple[Step, ...]
    faults: tuple[Fault, ...]

    @property
    def errors(self) -> list[Fault]:
        """Why the upgrade does not begin; empty if it does."""
        return [fault for fault in self.faults if fault.severity == "error"]


def read(engine: sa.Engine, histories: Sequence[History], *, contract: bool) -> Plan:
    """Compare a database with the migrations of the wheels, and write nothing.

    Args:
        engine: An engine for the database.
        histories: The histories in dependency order.
        contract: Apply contracting migrations too.
    """
    with transactions.reading(), engine.connect() as connection:
        return _plan(connection, histories, contract=contract)


def _plan(connection: sa.Connection, histories: Sequence[History], *, contract: bool) -> Plan:
    names = {history.feature for history in histories}
    required = {other for one in histories for item in one.migrations for other in item.requires}
    current = current_revisions(connection, sorted(names | required))
    tables = set(sa.inspect(connection).get_table_names())
    steps = [
        step_of(connection, history, current.get(history.feature), contract=contract)
        for history in histories
    ]
    targets = current | {step.feature: step.target for step in steps if step.target}
    faults = [
        *(fault for step in steps for fault in _unknown_tables(step, tables)),
        *(fault for step in steps for fault in _unmet(step, targets, current, histories)),
        *(fault for history in histories for fault in _two_heads(history)),
        *(pending_fault(step) for step in steps if step.is_ahead),
    ]
    return Plan(tuple(_in_order(steps, current)), tuple(faults))


def _two_heads(history: History) -> Iterator[Fault]:
    """Find migrations that fork a history, so that it has two newest ones (K308)."""
    for first, second in forks(history.migrations):
        number = history.next_number
        renamed = f"{number}_{second.file.name.partition('_')[2]}"
        what = f"two migrations follow the same revision:\n{first.file}\n{second.file}"
        fix = (
            f"{shlex.join(['mv', str(second.file), str(second.file.with_name(renamed))])}\n"
            f"and set in it: revision = {number!r}, down_revision = {first.number!r}"
        )
        yield history.candidate.fault("K308", what, Outside(fix))


def _unknown_tables(step: Step, tables: set[str]) -> Iterator[Fault]:
    """Refuse tables that exist without a revision (K304)."""
    own = set(step.history.metadata.tables)
    existing = sorted(own & tables)
    if step.current is None and existing:
        missing = ", ".join(sorted(own - tables)) or "none"
        what = (
            f"its tables exist, but {version_table(step.feature)} has no revision.\n"
            f"tables: {', '.join(existing)}\nmissing tables: {missing}\n"
            "nothing was applied, because the revision of the tables is unknown"
        )
        fixes = (
            # It compares them with the newest revision first.
            replace(mercato("db", "adopt", step.feature), certainty="choice"),
            Outside("if they are of another application, use another database", "choice"),
        )
        yield step.history.candidate.fault("K304", what, *fixes)


def _unmet(
    step: Step,
    targets: Mapping[str, str],
    current: Mapping[str, str],
    histories: Sequence[History],
) -> Iterator[Fault]:
    """Refuse a migration that requires a later revision of another feature (K307)."""
    for revision in step.now:
        for other, needed in revision.requires.items():
            # A feature without tables here has no data that the migration could need.
            if other in targets and not _has_passed(histories, other, targets[other], needed):
                what = (
                    f"{step.feature} {revision.number} requires {other} {needed}; "
                    f"the database has {other} {current.get(other, 'none')}"
                )
                fix = f"upgrade {other} first: install a version with its migration {needed}"
                yield step.history.candidate.fault("K307", what, Outside(fix))


def _in_order(steps: Sequence[Step], current: Mapping[str, str]) -> Iterator[Step]:
    """Put each step behind those that its migrations require, and keep the order otherwise."""
    waiting = list(steps)
    reached = dict(current)
    while waiting:
        # If no step is ready, their requirements form a ring: take the first one.
        ready = next((step for step in waiting if _is_ready(step, waiting, reached)), waiting[0])
        waiting.remove(ready)
        if ready.target is not None:
            reached[ready.feature] = ready.target
        yield ready


def _is_ready(step: Step, waiting: Sequence[Step], reached: Mapping[str, str]) -> bool:
    to_come = {it.feature: it.history for it in waiting if it is not step}
    return not any(
        other in to_come and not to_come[other].has_passed(reached.get(other, ""), needed)
        for revision in step.now
        for other, needed in revision.requires.items()
    )


def _has_passed(histories: Sequence[History], feature: str, reached: str, needed: str) -> bool:
    for history in histories:
        if history.feature == feature:
            return history.has_passed(reached, needed)
    return reached >= needed
