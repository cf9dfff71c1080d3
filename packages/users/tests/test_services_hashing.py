import sqlite3
import sys

import pytest
import sqlalchemy as sa

from mercato_kit.db import engine, new_id
from mercato_users import one_time_tokens, services

from . import factories


@pytest.fixture
def hashings(app):
    """A function that makes a call, and returns what the database said during each hash in it."""

    def watch(call):
        found = []

        def profile(frame, event, _argument):
            # Both hashing and verifying are done by this function, in another thread.
            here = frame.f_globals.get("__name__"), frame.f_code.co_name
            if event == "call" and here == ("mercato_users.hashing_memory", "run"):
                found.append(state_of(app))

        sys.setprofile(profile)
        try:
            call()
        finally:
            sys.setprofile(None)
        return found

    return watch


def state_of(app):
    """Return whether the database is free: no lock is held, no transaction is open."""
    with app.app_context():
        url = engine().url
    if url.get_backend_name() == "sqlite":
        return "locked" if is_locked(url.database) else "free"
    with sa.create_engine(url, poolclass=sa.pool.NullPool).connect() as connection:
        others = sa.text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'"
        )
        return "open" if connection.scalar(others) else "free"


def is_locked(file):
    """Return whether a connection of this process or another has the write lock of *file*."""
    with sqlite3.connect(file, timeout=0, isolation_level=None) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        connection.execute("ROLLBACK")
    return False


class TestHashing:
    def test_is_watched(self, hashings, commit):
        """A hash inside a transaction is noticed."""

        def hash_late():
            factories.make_user("alice@example.com")
            services.create_verified_user(factories.new_user("bob@example.com"))

        assert hashings(lambda: commit(hash_late)) in (["locked"], ["open"])

    @pytest.mark.parametrize("password", [factories.PASSWORD, "not her password", ""])
    @pytest.mark.parametrize("email", ["alice@example.com", "nobody@example.com"])
    def test_holds_no_lock_at_login(self, client, commit, hashings, email, password):
        """A login verifies one password while no transaction is open, also an empty one."""
        commit(factories.make_user, "alice@example.com")
        body = {"email": email, "password": password}

        assert hashings(lambda: client.post("/v1/auth/login", json=body)) == ["free"]

    def test_holds_no_lock_while_a_hash_is_renewed(self, client, commit, hashings):
        """A login makes the new hash of its password before its transaction, too."""
        typed = "Zoe\u0308 at the market \uff11"
        old = factories.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(typed)
        commit(factories.make_user, "alice@example.com", password_hash=old)

        seen = hashings(lambda: factories.log_in(client, password=typed))

        assert len(seen) == 3
        assert set(seen) == {"free"}

    def test_holds_no_lock_at_registration(self, client, hashings):
        """A registration hashes its password while no transaction is open."""
        body = factories.registration()

        assert hashings(lambda: client.post("/v1/users", json=body)) == ["free"]

    def test_holds_no_lock_at_a_reset(self, client, commit, hashings):
        """A new password is hashed while no transaction is open."""
        user_id = commit(factories.make_user, "alice@example.com").id
        token = commit(one_time_tokens.store, user_id, one_time_tokens.RESET_PASSWORD, new_id(), {})
        body = {"token": token, "password": "an entirely new password"}

        assert hashings(lambda: client.post("/v1/auth/password/reset", json=body)) == ["free"]

    def test_holds_no_lock_at_the_command(self, commit, hashings):
        """A command that creates an account hashes its password first."""
        new = factories.new_user("bob@example.com")

        assert hashings(lambda: commit(services.create_verified_user, new)) == ["free"]
