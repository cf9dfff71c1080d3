from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_kit.db import session, utc_now
from mercato_users import jobs
from mercato_users.models import (
    AuditEvent,
    Device,
    LoginAttempt,
    OneTimeToken,
    RefreshToken,
    Session,
    User,
)

from . import factories


@pytest.fixture
def count(commit):
    """A function that counts the rows of a table."""
    return lambda model: commit(
        lambda: session.scalar(sa.select(sa.func.count()).select_from(model))
    )


class TestForgetUnverified:
    def test_deletes_unverified_accounts(self, client, commit, count, run_worker):
        """After a week, an unverified account is deleted with its tokens."""
        client.post("/v1/users", json=factories.registration())
        week_ago = utc_now() - timedelta(days=9)
        commit(lambda: session.execute(sa.update(User).values(created_at=week_ago)))
        commit(lambda: session.execute(sa.update(OneTimeToken).values(expires_at=week_ago)))

        run_worker()

        assert (count(User), count(OneTimeToken)) == (0, 0)

    def test_keeps_accounts_with_a_valid_link(self, client, commit, count, run_worker):
        """An account with a valid link is kept, however old."""
        client.post("/v1/users", json=factories.registration())
        week_ago = utc_now() - timedelta(days=9)
        commit(lambda: session.execute(sa.update(User).values(created_at=week_ago)))

        run_worker()

        assert (count(User), count(OneTimeToken)) == (1, 1)

    def test_keeps_verified_accounts(self, alice, commit, count, run_worker):
        """A verified account is kept, however old."""
        years_ago = utc_now() - timedelta(days=3000)
        commit(lambda: session.execute(sa.update(User).values(created_at=years_ago)))

        run_worker()

        assert count(User) == 1


class TestForgetSessions:
    def test_deletes_sessions_a_month_after_their_end(self, alice, bob, commit, count):
        """An ended session is deleted with its refresh tokens; an active one is kept."""
        alice.post("/v1/auth/logout")
        long_ago = utc_now() - timedelta(days=31)
        ended = Session.revoked_at.is_not(None)
        commit(lambda: session.execute(sa.update(Session).where(ended).values(revoked_at=long_ago)))

        deleted = [commit(jobs.forget_sessions) for _ in range(2)]

        assert deleted == [1, 0]
        assert (count(Session), count(RefreshToken)) == (1, 1)
        assert bob.get("/v1/users/me").status_code == 200


class TestForgetAttempts:
    def test_deletes_attempts_that_no_limit_counts(self, alice, commit, count):
        """Attempts of the last day are kept."""
        kept = count(LoginAttempt)
        assert commit(jobs.forget_attempts) == 0

        commit(factories.shift_attempts, timedelta(days=2))

        assert commit(jobs.forget_attempts) == kept
        assert count(LoginAttempt) == 0


class TestForgetDevices:
    def test_deletes_devices_a_month_after_they_expired(self, alice, bob, commit, count):
        """A device that is still known is kept."""
        long_ago = utc_now() - timedelta(days=31)
        of_alice = Device.user_id == factories.id_of(alice)
        commit(
            lambda: session.execute(sa.update(Device).where(of_alice).values(expires_at=long_ago))
        )

        deleted = [commit(jobs.forget_devices) for _ in range(2)]

        assert (deleted, count(Device)) == ([1, 0], 1)
        assert bob.get("/v1/users/me").status_code == 200


class TestForgetAuditEvents:
    def test_deletes_what_is_older_than_the_setting(self, alice, commit, count):
        """The trail is kept for 400 days."""
        for days, kept in ((399, 1), (401, 0)):
            earlier = utc_now() - timedelta(days=days)
            commit(lambda at=earlier: session.execute(sa.update(AuditEvent).values(created_at=at)))
            commit(jobs.forget_audit_events)

            assert count(AuditEvent) == kept
        assert alice.get("/v1/users/me").status_code == 200
