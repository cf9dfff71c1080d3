"""What a statement of a migration does to those who use the tables meanwhile."""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

Kind = Literal["", "writes", "locks", "rewrites", "unknown"]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a statement does.

    Args:
        kind: Empty: nobody notices. ``writes``: rows that stay locked until the end. ``locks``: the
            table, against writing at least. ``rewrites``: the table, locked meanwhile.
        why: In a few words.
    """

    kind: Kind
    why: str = ""


NOTHING = Effect("")

_TABLE = re.compile(
    r"(?:ALTER TABLE(?: ONLY)?|DROP TABLE(?: IF EXISTS)?|CREATE TABLE(?: IF NOT EXISTS)?|UPDATE"
    r"|DELETE FROM|INSERT INTO|CREATE (?:UNIQUE )?INDEX .*? ON)\s+(?:ONLY\s+)?\"?([\w.]+)\"?",
    re.IGNORECASE | re.DOTALL,
)

_FRESH_EACH_TIME = r"(?:gen_random_uuid|uuid\w*|random|clock_timestamp|nextval)\s*\("

_RULES: tuple[tuple[str, Effect], ...] = (
    (r"CREATE TABLE .*\bREFERENCES\b", Effect("locks", "writing to the tables it refers to waits")),
    (r"CREATE (TABLE|SEQUENCE|TYPE)\b", NOTHING),
    (r"COMMENT ON\b|CREATE (UNIQUE )?INDEX CONCURRENTLY\b", NOTHING),
    (r"CREATE (UNIQUE )?INDEX\b", Effect("locks", "writing waits while the index is made")),
    (r"DROP (TABLE|INDEX|SEQUENCE|TYPE)\b", Effect("locks", "briefly; what it drops is gone")),
    (r"ALTER TABLE .* ALTER COLUMN .* TYPE\b", Effect("rewrites", "the type of a column changes")),
    (
        rf"ALTER TABLE .* ADD COLUMN .*({_FRESH_EACH_TIME}|\bSERIAL\b|\bIDENTITY\b|\bSTORED\b)",
        Effect("rewrites", "each row gets a value of its own"),
    ),
    (
        r"ALTER TABLE .* SET NOT NULL\b",
        Effect("locks", "every row is read to see that it has a value"),
    ),
    (r"ALTER TABLE .* ADD (CONSTRAINT .*)?.*\bNOT VALID\b", Effect("locks", "briefly")),
    (
        r"ALTER TABLE .* ADD (CONSTRAINT \S+ )?(UNIQUE|PRIMARY KEY)\b",
        Effect("locks", "nobody reads or writes while the key is made"),
    ),
    (
        r"ALTER TABLE .* ADD (CONSTRAINT \S+ )?(CHECK|FOREIGN KEY|EXCLUDE)\b",
        Effect("locks", "every row is read to see that it holds"),
    ),
    (r"ALTER TABLE .* DROP COLUMN\b", Effect("locks", "briefly; what the column held is gone")),
    (r"ALTER TABLE .* VALIDATE CONSTRAINT\b", NOTHING),
    (r"ALTER (TABLE|INDEX|SEQUENCE)\b", Effect("locks", "briefly")),
    (r"(UPDATE|DELETE FROM)\b", Effect("writes", "rows stay locked until the migration ends")),
    (r"(INSERT INTO|SELECT setval)\b", Effect("writes", "new rows")),
)
"""The first that fits a statement of PostgreSQL says what it does."""


def effect_of(statement: str, dialect: str, new_tables: AbstractSet[str]) -> Effect:
    """Tell what a statement does to those who use the tables meanwhile.

    Args:
        statement: SQL.
        dialect: ``postgresql`` or ``sqlite``.
        new_tables: Made by the same upgrade: nobody uses them yet.
    """
    text = " ".join(statement.split())
    if table_of(text) in new_tables and not re.match("CREATE TABLE", text, re.IGNORECASE):
        return NOTHING
    for pattern, effect in _RULES:
        if re.match(pattern, text, re.IGNORECASE):
            return _on_sqlite(text, effect) if dialect == "sqlite" else effect
    return Effect("unknown", "no rule of ours knows this statement")


def table_of(statement: str) -> str | None:
    """Name the table that a statement is about."""
    found = _TABLE.match(" ".join(statement.split()))
    return found.group(1) if found else None


def _on_sqlite(text: str, effect: Effect) -> Effect:
    """There is one lock for all, which the migration holds anyway."""
    if "_alembic_tmp_" in text or re.match(r"ALTER TABLE .* DROP COLUMN", text, re.IGNORECASE):
        return Effect("rewrites", "the table is copied")
    return effect if effect.kind == "writes" else NOTHING
