from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_kit.db import session
from mercato_kit.db import utc_now
from mercato_users import jobs
from mercato_users.models import LoginAttempt
from mercato_users.models import OneTimeToken
from mercato_users.models import RefreshToken
from mercato_users.models import Session
from mercato_users.models import User

from . import factories


@pytest.fixture
def count(commit):
    """Counts the rows of a table."""
    return lambda model: commit(
        lambda: session.scalar(sa.select(sa.func.count()).select_from(model))
    )


class TestForgetUnverified:
    def test_frees_an_address_that_nobody_verified(self, client, commit, count, run_worker):
        """After a week the account is gone, with its tokens."""
        client.post("/v1/users", json=factories.registration())
        week_ago = utc_now() - timedelta(days=9)
        commit(lambda: session.execute(sa.update(User).values(created_at=week_ago)))
        commit(lambda: session.execute(sa.update(OneTimeToken).values(expires_at=week_ago)))

        run_worker()

        assert (count(User), count(OneTimeToken)) == (0, 0)

    def test_keeps_who_may_still_click(self, client, commit, count, run_worker):
        """A fresh link keeps an old account."""
        client.post("/v1/users", json=factories.registration())
        week_ago = utc_now() - timedelta(days=9)
        commit(lambda: session.execute(sa.update(User).values(created_at=week_ago)))

        run_worker()

        assert (count(User), count(OneTimeToken)) == (1, 1)

    def test_keeps_open_accounts(self, alice, commit, count, run_worker):
        """Who verified their address stays, however old."""
        years_ago = utc_now() - timedelta(days=3000)
        commit(lambda: session.execute(sa.update(User).values(created_at=years_ago)))

        run_worker()

        assert count(User) == 1


class TestForgetSessions:
    def test_deletes_what_ended_a_month_ago(self, alice, bob, commit, count):
        """An ended session goes with its refresh tokens; a running one stays."""
        alice.post("/v1/auth/logout")
        long_ago = utc_now() - timedelta(days=31)
        ended = Session.revoked_at.is_not(None)
        commit(lambda: session.execute(sa.update(Session).where(ended).values(revoked_at=long_ago)))

        deleted = [commit(jobs.forget_sessions) for _ in range(2)]

        assert deleted == [1, 0]
        assert (count(Session), count(RefreshToken)) == (1, 1)
        assert bob.get("/v1/users/me").status_code == 200


class TestForgetAttempts:
    def test_deletes_what_no_bound_looks_at(self, alice, commit, count):
        """Counts of the last day stay."""
        kept = count(LoginAttempt)
        assert commit(jobs.forget_attempts) == 0

        commit(factories.shift_attempts, timedelta(days=2))

        assert commit(jobs.forget_attempts) == kept
        assert count(LoginAttempt) == 0
