"""Show the statements of pending migrations without sending them to a database."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import sqlalchemy as sa
from alembic import command

from mercato_database.advice import NOTHING, Effect, effects
from mercato_database.history import Step
from mercato_database.revisions import Revision
from mercato_database.runner import configure
from mercato_kit.migrations import version_table

_WIDTH = 100
"""Characters of a statement that a plan shows without ``--sql``."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a migration; its SQL is empty if only a real run can tell it."""

    sql: str
    effect: Effect = NOTHING

    def lines(self, *, whole: bool) -> Iterator[str]:
        """Return its lines for a terminal, with its mark; its beginning only if not *whole*."""
        mark, indent = f"    {self.effect.kind or '':<9}", " " * 13
        if not self.sql:
            yield f"{mark}{self.effect.why}"
            return
        text = self.sql if whole else " ".join(self.sql.split())
        if not whole and len(text) > _WIDTH:
            text = f"{text[: _WIDTH - 2]} …"
        yield from (f"{indent if n else mark}{line}" for n, line in enumerate(text.splitlines()))
        yield from (f"{indent}({line})" for line in self.effect.why.splitlines())


def preview(step: Step, dialect: sa.Dialect) -> list[tuple[Revision, list[Statement]]]:
    """Return the statements of each migration of *step*, including those for --contract."""
    before = [step.current, *(revision.number for revision in step.missing)]
    made = [
        (revision, list(_statements(step, number, revision, dialect)))
        for number, revision in zip(before, step.missing, strict=False)
    ]
    known = [it.sql for _, statements in made for it in statements if it.sql]
    # A first migration blocks no requests: the feature has no tables yet.
    found = iter(effects(known, dialect.name) if step.current is not None else ())
    for _, statements in made:
        statements[:] = [
            replace(it, effect=next(found, NOTHING)) if it.sql else it for it in statements
        ]
    return made


def _statements(
    step: Step, before: str | None, revision: Revision, dialect: sa.Dialect
) -> Iterator[Statement]:
    """Run a migration in Alembic's offline mode, and split what it writes into statements."""
    mock = sa.create_mock_engine(f"{dialect.name}://", lambda *_: None)
    config = configure(None, step.history)
    config.attributes["connection"] = mock
    config.output_buffer = io.StringIO()
    target = revision.number if before is None else f"{before}:{revision.number}"
    if before is None and step.missing[0] is not revision:
        target = f"base:{revision.number}"
    reason = None
    try:
        command.upgrade(config, target, sql=True)
    except Exception as error:  # noqa: BLE001 - a migration may run any code on its connection
        lines = str(error).strip().splitlines() or [type(error).__name__]
        reason = f"the statements depend on data in the database ({lines[0]})"
    own = version_table(step.feature)
    for chunk in re.split(r";\s*\n", config.output_buffer.getvalue()):
        lines = [line for line in chunk.splitlines() if not line.startswith("--")]
        text = "\n".join(lines).strip().removesuffix(";")
        if text and text not in ("BEGIN", "COMMIT") and own not in text:
            yield Statement(text)
    if reason is not None:
        yield Statement("", Effect("unknown", reason))
