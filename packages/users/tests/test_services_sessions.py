from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from mercato_kit.db import new_id, session
from mercato_testing.waiting import wait_for_blocked_transaction
from mercato_users import one_time_tokens, services
from mercato_users.models import LoginAttempt, Session, User

from . import factories
from .factories import WRONG_LOGIN


class TestSecurityLog:
    def test_has_logins_and_refusals(self, client, commit, security_log):
        """A login names the account, a refused one too if there is one; no line has an address."""
        user = commit(factories.make_user, "alice@example.com")
        before = len(security_log())
        for email, password in (
            ("alice@example.com", factories.PASSWORD),
            ("alice@example.com", "not her password"),
            ("unknown@example.com", factories.PASSWORD),
        ):
            client.post("/v1/auth/login", json={"email": email, "password": password})

        lines = security_log()[before:]
        assert [(line["event"], line.get("user_id")) for line in lines] == [
            ("logged_in", user.id),
            ("authentication_refused", user.id),
            ("authentication_refused", None),
        ]
        assert {line["address"] for line in lines} == {"127.0.0.1"}
        assert "@" not in str(lines)
        assert "password" not in str(lines)

    def test_has_throttled_logins(self, client, security_log):
        """A login that is refused because of too many failures is logged as throttled."""
        for _ in range(11):
            client.post("/v1/auth/login", json=WRONG_LOGIN)

        assert [line["event"] for line in security_log()] == [
            *["authentication_refused"] * 10,
            "throttled",
        ]


class TestLogIn:
    def test_returns_tokens(self, client, commit):
        """The response has the tokens and the user, and no password."""
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

    def test_publishes_an_event(self, client, commit, outbox):
        """A login is published with account and session, and a refresh of tokens is not."""
        user = commit(factories.make_user, "alice@example.com")
        tokens = factories.log_in(client, user.email)
        client.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})

        (event,) = outbox("user.signed_in")

        assert event.payload == {
            "user_id": str(user.id),
            "session_id": str(event.aggregate_id),
            "method": "password",
        }

    def test_refuses_uniformly(self, client, commit):
        """Unknown, wrong, suspended and unverified accounts get the same response."""
        commit(factories.make_user, "alice@example.com")
        commit(factories.make_user, "suspended@example.com", status="suspended")
        commit(factories.make_user, "waiting@example.com", email_verified_at=None)
        commit(factories.make_user, "blank@example.com", password_hash=None)

        answers = [
            client.post("/v1/auth/login", json={"email": email, "password": password})
            for email, password in (
                ("alice@example.com", "not her password"),
                ("unknown@example.com", factories.PASSWORD),
                ("suspended@example.com", factories.PASSWORD),
                ("waiting@example.com", factories.PASSWORD),
                ("blank@example.com", "a password that no account has"),
            )
        ]

        assert {answer.status_code for answer in answers} == {401}
        bodies = [
            {name: value for name, value in answer.json.items() if name != "request_id"}
            for answer in answers
        ]
        assert bodies == [bodies[0]] * len(bodies)
        assert bodies[0]["code"] == "invalid_credentials"

    def test_takes_equal_statements_for_an_unknown_address(self, client, commit, statements):
        """The statements do not reveal whether an account exists."""
        commit(factories.make_user, "alice@example.com")
        with statements as for_alice:
            client.post("/v1/auth/login", json=WRONG_LOGIN)

            of_alice = len(for_alice)

        with statements as for_nobody:
            client.post("/v1/auth/login", json={**WRONG_LOGIN, "email": "unknown@example.com"})

        assert len(for_nobody) == of_alice

    def test_rehashes_with_current_parameters(self, client, commit):
        """A hash with old parameters is replaced at the next login."""
        weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(factories.PASSWORD)
        commit(factories.make_user, "alice@example.com", password_hash=weak)

        factories.log_in(client)

        kept = commit(lambda: session.scalar(sa.select(User.password_hash)))
        assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        factories.log_in(client)

    def test_opens_and_renews_a_hash_of_what_was_typed(self, client, commit):
        """A hash made before passwords were normalized opens once more, and then in any form."""
        typed = "Zoe\u0308 at the market \uff11"
        old = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash(typed)
        commit(factories.make_user, "alice@example.com", password_hash=old)

        factories.log_in(client, password=typed)

        factories.log_in(client, password="Zo\u00eb at the market 1")
        factories.log_in(client, password=typed)

    def test_keeps_the_version_of_the_profile(self, client, commit):
        """A login does not change the ETag."""
        commit(factories.make_user, "alice@example.com")

        first, second = factories.log_in(client)["user"], factories.log_in(client)["user"]

        assert first["version"] == second["version"] == 1
        assert first["updated_at"] == second["updated_at"]

    def test_stores_the_network_of_the_client(self, client, commit):
        """A session has the client's network, not its address."""
        commit(factories.make_user, "alice@example.com")

        client.post(
            "/v1/auth/login",
            json={"email": "alice@example.com", "password": factories.PASSWORD},
            environ_base={"REMOTE_ADDR": "203.0.113.77"},
            headers={"User-Agent": "x" * 1000},
        )

        login = commit(lambda: session.scalars(sa.select(Session)).one())
        assert (login.ip_prefix, len(login.user_agent)) == ("203.0.113.0/24", 200)


class TestLogInConcurrently:
    @pytest.fixture
    def overtaken(self, app, commit):
        """A function that logs in while a change of the account is not committed yet.

        It takes the change and, for another request than a login, the path and the body.
        """

        def run(change, path="/v1/auth/login", body=None):
            def log_in():
                login = {"email": "alice@example.com", "password": factories.PASSWORD}
                return app.test_client().post(path, json=body or login)

            with ThreadPoolExecutor(1) as threads:

                def change_first():
                    change()
                    answer = threads.submit(log_in)
                    wait_for_blocked_transaction(answer)
                    return answer

                return commit(change_first).result()

        return run

    def test_a_concurrent_reset_wins(self, client, commit, overtaken):
        """A login with the old password waits for the reset, and is refused."""
        user_id = commit(factories.make_user, "alice@example.com").id
        token = commit(one_time_tokens.store, user_id, one_time_tokens.RESET_PASSWORD, new_id(), {})

        refused = overtaken(lambda: services.reset_password(token, "an entirely new password"))

        assert (refused.status_code, refused.json["code"]) == (401, "invalid_credentials")
        assert commit(open_sessions) == []
        assert sum(commit(lambda: list(session.scalars(sa.select(LoginAttempt.count))))) == 3

    def test_a_link_is_used_once(self, commit, overtaken):
        """Of two uses of one link at once, the second gets 410, as of an expired link."""
        user_id = commit(factories.make_user, "alice@example.com").id
        token = commit(one_time_tokens.store, user_id, one_time_tokens.RESET_PASSWORD, new_id(), {})

        refused = overtaken(
            lambda: services.reset_password(token, "an entirely new password"),
            "/v1/auth/password/reset",
            {"token": token, "password": "another new password"},
        )

        assert (refused.status_code, refused.json["code"]) == (410, "token_expired")

    def test_a_rehash_does_not_restore_the_old_password(self, client, commit, overtaken):
        """The new password stays, even if the login wanted to rehash the old one."""
        weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(factories.PASSWORD)
        user_id = commit(factories.make_user, "alice@example.com", password_hash=weak).id
        token = commit(one_time_tokens.store, user_id, one_time_tokens.RESET_PASSWORD, new_id(), {})

        overtaken(lambda: services.reset_password(token, "an entirely new password"))

        old = client.post("/v1/auth/login", json={**WRONG_LOGIN, "password": factories.PASSWORD})
        assert old.status_code == 401
        factories.log_in(client, password="an entirely new password")

    def test_concurrent_rehashes_refuse_no_login(self, commit, overtaken):
        """Two concurrent logins with the right password both succeed although one rehashes it."""
        weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(factories.PASSWORD)
        commit(factories.make_user, "alice@example.com", password_hash=weak)
        rehash = sa.update(User).values(password_hash=factories.PASSWORD_HASH)

        answer = overtaken(lambda: session.execute(rehash))

        assert answer.status_code == 200
        kept = commit(lambda: session.scalar(sa.select(User.password_hash)))
        assert kept == factories.PASSWORD_HASH

    def test_a_concurrent_suspension_wins(self, client, commit, overtaken):
        """A login that read the account before its suspension is refused."""
        user_id = commit(factories.make_user, "alice@example.com").id

        refused = overtaken(lambda: services.suspend_user(user_id, reason=None, actor_id=None))

        assert (refused.status_code, refused.json["code"]) == (401, "invalid_credentials")
        assert commit(open_sessions) == []


def open_sessions():
    """Return the active sessions."""
    return list(session.scalars(sa.select(Session.id).where(Session.revoked_at.is_(None))))


class TestStatements:
    def test_rows_are_written_together(self, client, alice, database, statements):
        """What a login writes is written at the end, on PostgreSQL by one statement."""
        with statements as sent:
            factories.log_in(client)

        assert len(sent) == (5 if database.url.startswith("postgresql") else 10), sent

    @pytest.mark.usefixtures("alice")
    @pytest.mark.parametrize("email", ["alice@example.com", "unknown@example.com"])
    def test_a_wrong_login_takes_two(self, client, statements, email):
        """One reads account and counters, one counts; the same for an unknown address."""
        with statements as sent:
            client.post("/v1/auth/login", json={**factories.WRONG_LOGIN, "email": email})

        assert len(sent) == 2, sent
