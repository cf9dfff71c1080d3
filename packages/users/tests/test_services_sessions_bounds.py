from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_users.models import LoginAttempt

from . import factories
from .factories import WRONG_LOGIN


class TestBounds:
    def test_refuses_an_account_after_ten_failures(self, client, commit):
        """The eleventh try within five minutes is refused, the right password included."""
        commit(factories.make_user, "alice@example.com")

        answers = [client.post("/v1/auth/login", json=WRONG_LOGIN) for _ in range(11)]
        right = client.post("/v1/auth/login", json={**WRONG_LOGIN, "password": factories.PASSWORD})

        assert [answer.status_code for answer in answers] == [401] * 10 + [429]
        assert right.status_code == 429
        assert 0 < int(right.headers["Retry-After"]) <= 330

    def test_counts_an_account_that_is_not_there(self, client):
        """The bound does not tell whether there is an account."""
        answers = [client.post("/v1/auth/login", json=WRONG_LOGIN) for _ in range(11)]

        assert [answer.status_code for answer in answers] == [401] * 10 + [429]

    def test_counts_exactly_under_concurrency(self, app, client, commit):
        """Of twenty wrong tries at once, ten are answered and ten refused."""
        commit(factories.make_user, "alice@example.com")

        with ThreadPoolExecutor(20) as threads:
            answers = threads.map(
                lambda _: app.test_client().post("/v1/auth/login", json=WRONG_LOGIN).status_code,
                range(20),
            )

        assert sorted(answers) == [401] * 10 + [429] * 10

    def test_refuses_an_address_after_a_hundred_failures(self, client, commit):
        """Somebody who tries many accounts is stopped; others are not."""
        commit(factories.make_user, "alice@example.com")
        fill(client, commit, "login.address", 100)

        refused = client.post("/v1/auth/login", json=WRONG_LOGIN)
        elsewhere = client.post(
            "/v1/auth/login", json=WRONG_LOGIN, environ_base={"REMOTE_ADDR": "203.0.113.9"}
        )

        assert (refused.status_code, elsewhere.status_code) == (429, 401)

    def test_refuses_everybody_after_a_thousand_failures(self, client, commit):
        """Trying from everywhere at once is stopped too."""
        fill(client, commit, "login.all", 1000)

        refused = client.post("/v1/auth/login", json=WRONG_LOGIN)

        assert refused.status_code == 429

    def test_does_not_count_what_it_refuses(self, client, commit):
        """Hammering one account does not lock out the others."""
        for _ in range(15):
            client.post("/v1/auth/login", json=WRONG_LOGIN)

        counted = commit(lambda: list(session.scalars(sa.select(LoginAttempt.count))))
        assert sum(counted) == 30

    def test_does_not_count_success(self, client, commit):
        """Somebody who knows the password can log in as often as they like."""
        commit(factories.make_user, "alice@example.com")

        for _ in range(12):
            factories.log_in(client)

    def test_forgets_after_five_minutes(self, client, commit):
        """Failures of more than five minutes ago count no more."""
        commit(factories.make_user, "alice@example.com")
        for _ in range(10):
            client.post("/v1/auth/login", json=WRONG_LOGIN)
        commit(factories.shift_attempts, timedelta(minutes=6))

        factories.log_in(client)

    def test_counts_over_every_span_of_five_minutes(self, client, commit):
        """Nine failures four minutes ago leave room for one."""
        commit(factories.make_user, "alice@example.com")
        for _ in range(9):
            client.post("/v1/auth/login", json=WRONG_LOGIN)
        commit(factories.shift_attempts, timedelta(minutes=4))

        answers = [client.post("/v1/auth/login", json=WRONG_LOGIN).status_code for _ in range(2)]

        assert answers == [401, 429]


def fill(client, commit, kind, count):
    """Let a counter that the next failure counts on be full."""
    client.post("/v1/auth/login", json={**WRONG_LOGIN, "email": "somebody@example.com"})
    full = sa.update(LoginAttempt).where(LoginAttempt.key.startswith(kind), LoginAttempt.count > 0)
    commit(lambda: session.execute(full.values(count=count)))
