"""The statements of migrations that are not applied yet. Nothing is sent to a database."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from alembic import command

from mercato_database.effects import Effect
from mercato_database.effects import effect_of
from mercato_database.effects import table_of
from mercato_database.plan import Step
from mercato_database.revisions import Revision
from mercato_database.runner import configure
from mercato_kit.migrations import version_table


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a migration: empty SQL where it is known only when the migration runs."""

    sql: str
    effect: Effect


def preview(step: Step, dialect: sa.Dialect) -> list[tuple[Revision, list[Statement]]]:
    """Return the statements of each migration of *step*, those that wait included."""
    made: list[tuple[Revision, list[Statement]]] = []
    new_tables: set[str] = set()
    before = step.current
    for revision in (*step.now, *step.later):
        statements = []
        for text in _statements(step, before, revision, dialect):
            statements.append(_look_at(text, dialect, new_tables))
            if (table := table_of(text)) and re.match("CREATE TABLE", text, re.IGNORECASE):
                new_tables.add(table)
        made.append((revision, statements))
        before = revision.number
    return made


def _look_at(text: str, dialect: sa.Dialect, new_tables: set[str]) -> Statement:
    if text.startswith(_UNKNOWN):
        return Statement("", Effect("unknown", text.removeprefix(_UNKNOWN)))
    return Statement(text, effect_of(text, dialect.name, new_tables))


_UNKNOWN = "-- unknown: "


def _statements(
    step: Step, before: str | None, revision: Revision, dialect: sa.Dialect
) -> Iterator[str]:
    """Let Alembic write a migration down instead of applying it."""
    mock = sa.create_mock_engine(f"{dialect.name}://", lambda *_: None)
    config = configure(None, step.history)
    config.attributes["connection"] = mock
    config.output_buffer = io.StringIO()
    target = revision.number if before is None else f"{before}:{revision.number}"
    if before is None and step.history.revisions[0] != revision.number:
        target = f"base:{revision.number}"
    reason = None
    try:
        command.upgrade(config, target, sql=True)
    except Exception as error:  # noqa: BLE001 - a migration may want anything of a database
        lines = str(error).strip().splitlines() or [type(error).__name__]
        reason = f"what it does depends on the database ({lines[0]})"
    own = version_table(step.history.feature)
    for chunk in re.split(r";\s*\n", config.output_buffer.getvalue()):
        lines = [line for line in chunk.splitlines() if not line.startswith("--")]
        text = "\n".join(lines).strip().removesuffix(";")
        if text and text not in ("BEGIN", "COMMIT") and own not in text:
            yield text
    if reason is not None:
        yield f"{_UNKNOWN}{reason}"
