from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_kit.db import session
from mercato_users.models import LoginAttempt

from . import factories
from .factories import WRONG_LOGIN


class TestLimits:
    @pytest.fixture
    def settings(self, settings):
        """Memory for a password of each thread, so that none waits."""
        return {**settings, "password_memory_mib": 1024}

    def test_refuses_an_account_after_ten_failures(self, client, commit):
        """After ten failures in five minutes, even the right password is refused."""
        commit(factories.make_user, "alice@example.com")

        answers = [client.post("/v1/auth/login", json=WRONG_LOGIN) for _ in range(11)]
        right = client.post("/v1/auth/login", json={**WRONG_LOGIN, "password": factories.PASSWORD})

        assert [answer.status_code for answer in answers] == [401] * 10 + [429]
        assert right.status_code == 429
        assert 0 < int(right.headers["Retry-After"]) <= 330

    def test_verifies_only_until_the_limit(self, client, hashes_of):
        """Logins beyond the limit of an account cost no password hash."""
        for _ in range(10):
            client.post("/v1/auth/login", json=WRONG_LOGIN)

        cost = hashes_of(lambda: client.post("/v1/auth/login", json=WRONG_LOGIN))

        assert cost < 0.9

    def test_counts_unknown_addresses(self, client):
        """The limit does not reveal whether an account exists."""
        answers = [client.post("/v1/auth/login", json=WRONG_LOGIN) for _ in range(11)]

        assert [answer.status_code for answer in answers] == [401] * 10 + [429]

    def test_counts_exactly_under_concurrency(self, app, client, commit):
        """Of twenty concurrent failures, ten answer 401 and ten 429."""
        commit(factories.make_user, "alice@example.com")

        with ThreadPoolExecutor(20) as threads:
            answers = threads.map(
                lambda _: app.test_client().post("/v1/auth/login", json=WRONG_LOGIN).status_code,
                range(20),
            )

        assert sorted(answers) == [401] * 10 + [429] * 10

    def test_refuses_a_client_address_after_a_hundred_failures(self, client, commit):
        """A client that tries many accounts is refused; other clients are not."""
        commit(factories.make_user, "alice@example.com")
        client.post("/v1/auth/login", json={**WRONG_LOGIN, "email": "other@example.com"})
        fill(commit, "login.network", 100)

        refused = client.post("/v1/auth/login", json=WRONG_LOGIN)
        elsewhere = client.post(
            "/v1/auth/login", json=WRONG_LOGIN, environ_base={"REMOTE_ADDR": "203.0.113.9"}
        )

        assert (refused.status_code, elsewhere.status_code) == (429, 401)

    def test_refuses_a_site_after_three_hundred_failures(self, client, commit):
        """The networks of one /48 are counted together, too; another one is not refused."""
        commit(factories.make_user, "alice@example.com")
        log_in_from(client, "2001:db8:1:1::1")
        fill(commit, "login.site", 300)

        answers = [
            log_in_from(client, address)
            for address in ("2001:db8:1:2::1", "2001:db8:2:1::1", "192.0.2.1")
        ]

        assert answers == [429, 401, 401]

    def test_refuses_an_account_after_a_hundred_failures_a_day(self, client, commit):
        """A stranger who is patient is refused for the rest of the day."""
        commit(factories.make_user, "alice@example.com")
        for _ in range(10):
            assert [log_in_from(client, "192.0.2.1") for _ in range(11)] == [401] * 10 + [429]
            commit(factories.shift_attempts, timedelta(minutes=6))

        refused = client.post("/v1/auth/login", json=WRONG_LOGIN)

        assert refused.status_code == 429
        assert 3600 * 22 < int(refused.headers["Retry-After"]) < 3600 * 24

    def test_refuses_all_logins_after_a_thousand_failures(self, client, commit):
        """The total limit also stops attempts from many addresses."""
        client.post("/v1/auth/login", json={**WRONG_LOGIN, "email": "other@example.com"})
        fill(commit, "login.all", 1000)

        refused = client.post("/v1/auth/login", json=WRONG_LOGIN)

        assert refused.status_code == 429

    def test_does_not_count_refused_attempts(self, client, commit):
        """Attempts on a refused account do not use up the other limits."""
        for _ in range(15):
            client.post("/v1/auth/login", json=WRONG_LOGIN)

        counted = commit(lambda: list(session.scalars(sa.select(LoginAttempt.count))))
        assert sum(counted) == 30

    def test_does_not_count_success(self, client, commit):
        """The number of successful logins is not limited."""
        commit(factories.make_user, "alice@example.com")

        for _ in range(12):
            factories.log_in(client)

    def test_does_not_count_old_failures(self, client, commit):
        """Failures older than five minutes do not count."""
        commit(factories.make_user, "alice@example.com")
        for _ in range(10):
            client.post("/v1/auth/login", json=WRONG_LOGIN)
        commit(factories.shift_attempts, timedelta(minutes=6))

        factories.log_in(client)

    def test_counts_over_every_span_of_five_minutes(self, client, commit):
        """After nine failures four minutes ago, there is room for one."""
        commit(factories.make_user, "alice@example.com")
        for _ in range(9):
            client.post("/v1/auth/login", json=WRONG_LOGIN)
        commit(factories.shift_attempts, timedelta(minutes=4))

        answers = [client.post("/v1/auth/login", json=WRONG_LOGIN).status_code for _ in range(2)]

        assert answers == [401, 429]


def log_in_from(client, address):
    """Try a wrong password from an address, and return the status."""
    environ = {"REMOTE_ADDR": address}
    return client.post("/v1/auth/login", json=WRONG_LOGIN, environ_base=environ).status_code


def fill(commit, kind, count):
    """Fill a counter that the next failure counts on."""
    full = sa.update(LoginAttempt).where(LoginAttempt.key.startswith(kind), LoginAttempt.count > 0)
    commit(lambda: session.execute(full.values(count=count)))
