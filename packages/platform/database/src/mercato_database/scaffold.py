"""Write the next migration of a feature from its models, for the feature's developers."""

import tempfile
from pathlib import Path

from alembic import command

from mercato_database.drift import differences
from mercato_database.history import History
from mercato_database.runner import configure, migration_engine


def write_revision(history: History, message: str) -> Path | None:
    """Write a migration for what the models have and the history lacks.

    The models are compared with a scratch database made by the history, so the state of a
    developer's database does not matter.

    Args:
        history: The feature's history.
        message: What the migration does, in a few words.

    Returns:
        The new file; None if the history matches the models.
    """
    history.versions.mkdir(parents=True, exist_ok=True)
    number = history.next_number
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
