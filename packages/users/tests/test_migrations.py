import pytest
import sqlalchemy as sa
from alembic import command

from mercato_database.history import histories
from mercato_database.runner import configure, migration_engine, upgrade
from mercato_kit.db import new_id
from mercato_users.feature import feature

USER = """
INSERT INTO users_user (
    id, email, email_canonical, status, token_epoch, version, created_at, updated_at)
VALUES (:user_id, 'a@example.com', 'a@example.com', 'active', 0, 1, :now, :now)"""
TOKEN = """
INSERT INTO users_one_time_token (token_hash, user_id, purpose, data, expires_at)
VALUES ('hash', :user_id, 'verify_email', '{}', :now)"""


class TestErasure:
    @pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
    def test_keeps_what_accounts_have(self, empty_database, kind):
        """An account can be closing, and nothing else that is new; its rows are kept."""
        url = empty_database(kind)
        (history,) = [one for one in histories([feature]) if one.feature == "users"]
        with migration_engine(url) as engine, engine.begin() as connection:
            command.upgrade(configure(connection, history), "0001")
            user_id = new_id()
            values = {"user_id": user_id.hex if kind == "sqlite" else str(user_id)}
            values["now"] = "2030-01-01T00:00:00.000000Z"
            for statement in (USER, TOKEN):
                connection.execute(sa.text(statement), values)

        upgrade(url, [feature])

        with migration_engine(url) as engine, engine.connect() as connection:
            connection.execute(sa.text("UPDATE users_user SET status = 'closing'"))
            kept = connection.scalar(sa.text("SELECT count(*) FROM users_one_time_token"))
            assert kept == 1
            with pytest.raises(sa.exc.IntegrityError):
                connection.execute(sa.text("UPDATE users_user SET status = 'away'"))
            connection.rollback()
