import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from mercato_kit.db import new_id
from mercato_kit.db import session
from mercato_kit.db import utc_now
from mercato_users import services
from mercato_users.models import AuditEvent
from mercato_users.models import LoginAttempt
from mercato_users.models import RefreshToken
from mercato_users.models import Session
from mercato_users.models import User
from mercato_users.services import one_time

from . import factories

STEPS = st.tuples(st.sampled_from(["refresh", "refresh", "wait", "log out"]), st.integers(0, 2))
WRONG = {"email": "alice@example.com", "password": "not her password"}


def refresh(client, token):
    """Trade a refresh token in, and return the answer."""
    return client.post("/v1/auth/refresh", json={"refresh_token": token})


def pass_time(seconds):
    """Let refresh tokens have been used so much longer ago."""
    earlier = utc_now() - timedelta(seconds=seconds)
    used = RefreshToken.used_at.is_not(None)
    session.execute(sa.update(RefreshToken).where(used).values(used_at=earlier))


class TestLogIn:
    def test_gives_tokens(self, client, commit):
        """The answer has what a client needs, and no password."""
        commit(factories.make_user, "alice@example.com")

        answer = client.post(
            "/v1/auth/login", json={"email": " ALICE@example.com ", "password": factories.PASSWORD}
        )

        assert answer.status_code == 200
        assert answer.json["token_type"] == "Bearer"
        assert answer.json["expires_in"] == 600
        assert answer.json["user"]["email"] == "alice@example.com"
        assert "password" not in answer.text
        assert answer.headers["Cache-Control"] == "private, no-store"

    def test_refuses_uniformly(self, client, commit):
        """Unknown, wrong, suspended and unverified are one and the same answer."""
        commit(factories.make_user, "alice@example.com")
        commit(factories.make_user, "suspended@example.com", status="suspended")
        commit(factories.make_user, "waiting@example.com", email_verified_at=None)
        commit(factories.make_user, "blank@example.com", password_hash=None)

        answers = [
            client.post("/v1/auth/login", json={"email": email, "password": password})
            for email, password in (
                ("alice@example.com", "not her password"),
                ("nobody@example.com", factories.PASSWORD),
                ("suspended@example.com", factories.PASSWORD),
                ("waiting@example.com", factories.PASSWORD),
                ("blank@example.com", "nobody has this password"),
            )
        ]

        assert {answer.status_code for answer in answers} == {401}
        bodies = [
            {name: value for name, value in answer.json.items() if name != "request_id"}
            for answer in answers
        ]
        assert bodies == [bodies[0]] * len(bodies)
        assert bodies[0]["code"] == "invalid_credentials"

    def test_needs_as_many_statements_for_nobody(self, client, commit, statements):
        """What is asked of the database does not tell whether there is an account."""
        commit(factories.make_user, "alice@example.com")
        with statements as for_alice:
            client.post("/v1/auth/login", json=WRONG)

            of_alice = len(for_alice)

        with statements as for_nobody:
            client.post("/v1/auth/login", json={**WRONG, "email": "nobody@example.com"})

        assert len(for_nobody) == of_alice

    def test_rehashes_with_todays_parameters(self, client, commit):
        """A hash of weaker parameters is replaced at the next login."""
        weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(factories.PASSWORD)
        commit(factories.make_user, "alice@example.com", password_hash=weak)

        factories.log_in(client)

        kept = commit(lambda: session.scalar(sa.select(User.password_hash)))
        assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        factories.log_in(client)

    def test_is_no_change_of_the_profile(self, client, commit):
        """Logging in leaves the ETag alone."""
        commit(factories.make_user, "alice@example.com")

        first, second = factories.log_in(client)["user"], factories.log_in(client)["user"]

        assert first["version"] == second["version"] == 1
        assert first["updated_at"] == second["updated_at"]

    def test_remembers_the_network_and_not_the_address(self, client, commit):
        """A session says where it is from, no closer than needed."""
        commit(factories.make_user, "alice@example.com")

        client.post(
            "/v1/auth/login",
            json={"email": "alice@example.com", "password": factories.PASSWORD},
            environ_base={"REMOTE_ADDR": "203.0.113.77"},
            headers={"User-Agent": "x" * 1000},
        )

        login = commit(lambda: session.scalars(sa.select(Session)).one())
        assert (login.ip_prefix, len(login.user_agent)) == ("203.0.113.0/24", 200)


class TestLogInMeanwhile:
    @pytest.fixture
    def overtaken(self, app, commit):
        """Logs in while a change of the account waits for its commit, and returns the answer."""

        def log_in():
            body = {"email": "alice@example.com", "password": factories.PASSWORD}
            return app.test_client().post("/v1/auth/login", json=body)

        def run(change):
            with ThreadPoolExecutor(1) as threads:

                def change_first():
                    change()
                    answer = threads.submit(log_in)
                    wait_for_somebody(answer)
                    return answer

                return commit(change_first).result()

        return run

    def test_the_old_password_opens_nothing_after_a_reset(self, client, commit, overtaken):
        """A login that verified the old password waits for the reset, and is refused."""
        user_id = commit(factories.make_user, "alice@example.com").id
        token = commit(one_time.store, user_id, one_time.RESET_PASSWORD, new_id(), {})

        refused = overtaken(lambda: services.reset(token, "an entirely new password"))

        assert (refused.status_code, refused.json["code"]) == (401, "invalid_credentials")
        assert commit(open_sessions) == []
        assert sum(commit(lambda: list(session.scalars(sa.select(LoginAttempt.count))))) == 3

    def test_a_due_rehash_does_not_bring_the_old_password_back(self, client, commit, overtaken):
        """What the reset wrote stays, also where the login would have written a better hash."""
        weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(factories.PASSWORD)
        user_id = commit(factories.make_user, "alice@example.com", password_hash=weak).id
        token = commit(one_time.store, user_id, one_time.RESET_PASSWORD, new_id(), {})

        overtaken(lambda: services.reset(token, "an entirely new password"))

        old = client.post("/v1/auth/login", json={**WRONG, "password": factories.PASSWORD})
        assert old.status_code == 401
        factories.log_in(client, password="an entirely new password")

    def test_a_rehash_keeps_nobody_out(self, commit, overtaken):
        """Of two logins with the right password neither is refused because one rehashed it."""
        weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(factories.PASSWORD)
        commit(factories.make_user, "alice@example.com", password_hash=weak)
        rehash = sa.update(User).values(password_hash=factories.PASSWORD_HASH)

        answer = overtaken(lambda: session.execute(rehash))

        assert answer.status_code == 200
        kept = commit(lambda: session.scalar(sa.select(User.password_hash)))
        assert kept == factories.PASSWORD_HASH

    def test_a_suspended_account_opens_nothing(self, client, commit, overtaken):
        """A login that read the account before its suspension is refused."""
        user_id = commit(factories.make_user, "alice@example.com").id

        refused = overtaken(lambda: services.suspend(user_id, reason=None, actor_id=None))

        assert (refused.status_code, refused.json["code"]) == (401, "invalid_credentials")
        assert commit(open_sessions) == []


def wait_for_somebody(answer):
    """Wait until somebody waits for a lock of this transaction, or has answered.

    On SQLite there is one writer, so whoever comes later has not even begun.
    """
    if session.get_bind().dialect.name == "sqlite":
        return
    waiting = sa.text(
        "SELECT count(*) FROM pg_locks"
        " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    )
    give_up_at = time.monotonic() + 10
    while not session.scalar(waiting) and not answer.done():
        assert time.monotonic() < give_up_at, "nobody came"
        time.sleep(0.01)


def open_sessions():
    """List the sessions that nobody ended."""
    return list(session.scalars(sa.select(Session.id).where(Session.revoked_at.is_(None))))


class TestBounds:
    def test_refuses_an_account_after_ten_failures(self, client, commit):
        """The eleventh try within five minutes is refused, the right password included."""
        commit(factories.make_user, "alice@example.com")

        answers = [client.post("/v1/auth/login", json=WRONG) for _ in range(11)]
        right = client.post("/v1/auth/login", json={**WRONG, "password": factories.PASSWORD})

        assert [answer.status_code for answer in answers] == [401] * 10 + [429]
        assert right.status_code == 429
        assert 0 < int(right.headers["Retry-After"]) <= 330

    def test_counts_an_account_that_is_not_there(self, client):
        """The bound does not tell whether there is an account."""
        answers = [client.post("/v1/auth/login", json=WRONG) for _ in range(11)]

        assert [answer.status_code for answer in answers] == [401] * 10 + [429]

    def test_counts_exactly_under_concurrency(self, app, client, commit):
        """Of twenty wrong tries at once, ten are answered and ten refused."""
        commit(factories.make_user, "alice@example.com")

        with ThreadPoolExecutor(20) as threads:
            answers = threads.map(
                lambda _: app.test_client().post("/v1/auth/login", json=WRONG).status_code,
                range(20),
            )

        assert sorted(answers) == [401] * 10 + [429] * 10

    def test_refuses_an_address_after_a_hundred_failures(self, client, commit):
        """Somebody who tries many accounts is stopped; others are not."""
        commit(factories.make_user, "alice@example.com")
        fill(client, commit, "login.address", 100)

        refused = client.post("/v1/auth/login", json=WRONG)
        elsewhere = client.post(
            "/v1/auth/login", json=WRONG, environ_base={"REMOTE_ADDR": "203.0.113.9"}
        )

        assert (refused.status_code, elsewhere.status_code) == (429, 401)

    def test_refuses_everybody_after_a_thousand_failures(self, client, commit):
        """Trying from everywhere at once is stopped too."""
        fill(client, commit, "login.all", 1000)

        refused = client.post("/v1/auth/login", json=WRONG)

        assert refused.status_code == 429

    def test_does_not_count_what_it_refuses(self, client, commit):
        """Hammering one account does not lock out the others."""
        for _ in range(15):
            client.post("/v1/auth/login", json=WRONG)

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
            client.post("/v1/auth/login", json=WRONG)
        commit(factories.shift_attempts, timedelta(minutes=6))

        factories.log_in(client)

    def test_counts_over_every_span_of_five_minutes(self, client, commit):
        """Nine failures four minutes ago leave room for one."""
        commit(factories.make_user, "alice@example.com")
        for _ in range(9):
            client.post("/v1/auth/login", json=WRONG)
        commit(factories.shift_attempts, timedelta(minutes=4))

        answers = [client.post("/v1/auth/login", json=WRONG).status_code for _ in range(2)]

        assert answers == [401, 429]


def fill(client, commit, kind, count):
    """Let a counter that the next failure counts on be full."""
    client.post("/v1/auth/login", json={**WRONG, "email": "somebody@example.com"})
    full = sa.update(LoginAttempt).where(LoginAttempt.key.startswith(kind), LoginAttempt.count > 0)
    commit(lambda: session.execute(full.values(count=count)))


class TestRefresh:
    def test_gives_new_tokens(self, client, alice):
        """The new access token is good, and so is the next refresh token."""
        first = refresh(client, alice.tokens["refresh_token"])
        second = refresh(client, first.json["refresh_token"])

        me = client.get("/v1/users/me", headers=factories.bearer(second.json["access_token"]))

        assert (first.status_code, second.status_code, me.status_code) == (200, 200, 200)
        assert set(first.json) == {"access_token", "token_type", "expires_in", "refresh_token"}

    def test_gives_the_same_successor_to_who_repeats_at_once(self, client, alice):
        """A lost answer does no harm."""
        first = refresh(client, alice.tokens["refresh_token"])
        again = refresh(client, alice.tokens["refresh_token"])

        assert again.status_code == 200
        assert again.json["refresh_token"] == first.json["refresh_token"]

    def test_ends_the_session_when_a_token_comes_back_late(self, client, alice, commit):
        """After the grace of ten seconds a second use means two holders."""
        successor = refresh(client, alice.tokens["refresh_token"]).json["refresh_token"]
        commit(pass_time, 11)

        reused = refresh(client, alice.tokens["refresh_token"])

        assert (reused.status_code, reused.json["code"]) == (401, "refresh_token_reused")
        assert "WWW-Authenticate" in reused.headers
        assert refresh(client, successor).status_code == 401
        assert alice.get("/v1/users/me").status_code == 401

    def test_ends_the_session_when_the_successor_was_used(self, client, alice):
        """Within the grace too, a token is dead once its successor was used."""
        successor = refresh(client, alice.tokens["refresh_token"]).json["refresh_token"]
        newest = refresh(client, successor).json["refresh_token"]

        reused = refresh(client, alice.tokens["refresh_token"])

        assert reused.json["code"] == "refresh_token_reused"
        assert refresh(client, newest).status_code == 401

    def test_writes_the_reuse_down(self, client, alice, commit):
        """Somebody can find out later why the session ended."""
        refresh(client, refresh(client, alice.tokens["refresh_token"]).json["refresh_token"])
        refresh(client, alice.tokens["refresh_token"])

        kinds = commit(lambda: list(session.scalars(sa.select(AuditEvent.type))))

        assert "refresh_token_reused" in kinds

    def test_never_forks_under_concurrency(self, app, client, alice, commit):
        """20 rounds of 10 refreshes at once: one successor each, and nobody is refused."""
        token = alice.tokens["refresh_token"]
        with ThreadPoolExecutor(10) as threads:
            for round_ in range(20):
                given = token
                answers = list(
                    threads.map(lambda _, sent=given: refresh(app.test_client(), sent), range(10))
                )

                assert {answer.status_code for answer in answers} == {200}, round_
                (token,) = {answer.json["refresh_token"] for answer in answers}

        links = commit(lambda: session.scalar(sa.select(sa.func.count(RefreshToken.token_hash))))
        replayed = refresh(client, given)
        assert links == 21
        assert replayed.status_code == 200, "its successor is unused and it is recent"

    def test_kills_the_family_on_replay_whoever_races(self, app, client, alice):
        """20 rounds: a token whose successor was used is refused, and the newest dies with it."""
        for _ in range(20):
            tokens = factories.log_in(client)
            newest = refresh(client, tokens["refresh_token"]).json["refresh_token"]
            newest = refresh(client, newest).json["refresh_token"]

            with ThreadPoolExecutor(5) as threads:
                replays = threads.map(
                    lambda _, sent=tokens["refresh_token"]: refresh(app.test_client(), sent),
                    range(5),
                )

            assert {replay.status_code for replay in replays} == {401}
            assert refresh(client, newest).status_code == 401

    @pytest.mark.parametrize("kind", ["unknown", "access token"])
    def test_refuses_what_is_no_refresh_token(self, client, alice, kind):
        """Made-up tokens and access tokens are refused, with a challenge."""
        token = {"unknown": "made-up", "access token": alice.tokens["access_token"]}[kind]

        refused = refresh(client, token[:200])

        assert refused.status_code == 401
        assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]

    def test_ends_with_the_session(self, client, alice, commit):
        """A session lasts thirty days, however often it is refreshed."""
        over = utc_now() - timedelta(seconds=1)
        commit(lambda: session.execute(sa.update(Session).values(expires_at=over)))

        refused = refresh(client, alice.tokens["refresh_token"])

        assert refused.status_code == 401

    def test_stores_hashes_only(self, alice, commit):
        """Who reads the database cannot refresh."""
        kept = commit(lambda: list(session.scalars(sa.select(RefreshToken.token_hash))))

        assert alice.tokens["refresh_token"] not in kept

    @examples(
        max_examples=25,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(steps=st.lists(STEPS, min_size=1, max_size=12))
    def test_follows_the_model_whatever_happens(self, client, commit, steps):
        """Refreshes with old and new tokens, pauses and logout, in any order."""
        address = f"{new_id()}@example.com"
        commit(factories.make_user, address)
        tokens = factories.log_in(client, address)
        chain, recent, alive = [tokens["refresh_token"]], set(), True

        for what, back in steps:
            if what == "log out":
                headers = factories.bearer(tokens["access_token"])
                ended = client.post("/v1/auth/logout", headers=headers)
                assert ended.status_code == (204 if alive else 401)
                alive = False
            elif what == "wait":
                commit(pass_time, 11)
                recent.clear()
            else:
                position = max(0, len(chain) - 1 - back)
                answer = refresh(client, chain[position])
                newest = position == len(chain) - 1
                repeated = position == len(chain) - 2 and position in recent
                alive = alive and (newest or repeated)
                assert answer.status_code == (200 if alive else 401)
                if alive and newest:
                    chain.append(answer.json["refresh_token"])
                    recent.add(position)
                elif alive:
                    assert answer.json["refresh_token"] == chain[-1]


class TestLogOut:
    def test_ends_the_session_at_once(self, client, alice):
        """Access and refresh token are refused from the next request on."""
        answer = alice.post("/v1/auth/logout")

        assert answer.status_code == 204
        assert alice.get("/v1/users/me").status_code == 401
        assert refresh(client, alice.tokens["refresh_token"]).status_code == 401

    def test_leaves_other_sessions_alone(self, client, alice):
        """Logging out here is not logging out there."""
        elsewhere = factories.log_in(client)

        alice.post("/v1/auth/logout")

        me = client.get("/v1/users/me", headers=factories.bearer(elsewhere["access_token"]))
        assert me.status_code == 200

    def test_needs_a_login(self, client):
        """A guest has nothing to end."""
        refused = client.post("/v1/auth/logout")

        assert refused.status_code == 401
