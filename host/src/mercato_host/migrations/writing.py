"""Writes the next migration of a feature, for the team that makes it."""

import tempfile
from pathlib import Path

from alembic import command

from mercato_database.drift import differences
from mercato_database.history import History
from mercato_database.runner import configure
from mercato_database.runner import migration_engine


def write_revision(history: History, message: str) -> Path | None:
    """Write a migration that takes the history to what the models say.

    It is compared with a scratch database that the history itself made, so nobody's own database
    has a say in it.

    Args:
        history: Of the feature.
        message: What the migration does, in a few words.

    Returns:
        The new file; None where there is nothing to do.
    """
    history.versions.mkdir(parents=True, exist_ok=True)
    number = f"{int(history.head or '0') + 1:04d}"
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/scratch.db"
        with migration_engine(url) as engine, engine.begin() as connection:
            if history.head is not None:
                command.upgrade(configure(connection, history), "head")
        if history.head is not None and not differences(url, history):
            return None
        with migration_engine(url) as engine, engine.begin() as connection:
            config = configure(connection, history)
            command.revision(config, message, autogenerate=True, rev_id=number)
    return next(history.versions.glob(f"{number}_*.py"))
