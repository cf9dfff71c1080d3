"""The Alembic environment of all features; each has its own history and version table."""

from pathlib import Path

import sqlalchemy as sa

FOLDER = Path(__file__).parent
"""The folder of ``env.py`` (Alembic's ``script_location``)."""

KIT_VERSIONS = FOLDER / "versions"
"""The folder of the kit's own revisions."""


def version_table(feature: str) -> str:
    """Return the name of the table with a feature's current revision."""
    return f"{feature}_alembic_version"


def virtual_tables(connection: sa.Connection) -> dict[str, list[str]]:
    """Return SQLite's virtual tables, each followed by the tables that SQLite keeps for it.

    A feature's migration can create one as an index, e.g. for full-text search (FTS5). It is in no
    model, and has nothing that is not in another table. Empty on PostgreSQL.
    """
    if connection.dialect.name != "sqlite":
        return {}
    schema = connection.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    statements: dict[str, str] = dict(schema.all())
    return {
        table: [table, *(name for name in statements if name.startswith(f"{table}_"))]
        for table, statement in statements.items()
        if statement.upper().startswith("CREATE VIRTUAL TABLE")
    }
