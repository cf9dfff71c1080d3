from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_kit.db import session
from mercato_users.models import AuditEvent, Session, User

from . import factories
from .factories import id_of

RIGHT, WRONG = {"password": factories.PASSWORD}, {"password": "not her password"}


class TestStepUp:
    def test_makes_the_session_fresh(self, charlie, alice, commit):
        """After a quarter of an hour a change by staff asks for the password, and then works."""
        path = f"/v1/users/{id_of(alice)}/revoke-sessions"
        commit(factories.age_logins, timedelta(minutes=16))

        stale = charlie.post(path, json={})
        stepped = charlie.post("/v1/auth/step-up", json=RIGHT)
        answer = charlie.post(path, json={}, headers=factories.bearer(stepped.json["access_token"]))

        assert (stale.status_code, stale.json["code"]) == (401, "step_up_required")
        assert stale.headers["WWW-Authenticate"] == (
            'Bearer error="insufficient_user_authentication", max_age=900'
        )
        assert set(stepped.json) == {"access_token", "token_type", "expires_in"}
        assert answer.status_code == 204

    def test_is_for_this_session_alone(self, client, charlie, commit):
        """Another session of the account stays stale."""
        other = factories.log_in(client, "charlie@example.com")["access_token"]
        commit(factories.age_logins, timedelta(minutes=16))
        charlie.post("/v1/auth/step-up", json=RIGHT)

        body = {"name": "x", "permissions": []}
        stale = client.post("/v1/roles", json=body, headers=factories.bearer(other))

        assert (stale.status_code, charlie.post("/v1/roles", json=body).status_code) == (401, 201)

    def test_survives_a_refresh_no_longer(self, client, charlie, commit):
        """A refresh of tokens proves nothing."""
        commit(factories.age_logins, timedelta(minutes=16))
        sent = {"refresh_token": charlie.tokens["refresh_token"]}
        token = client.post("/v1/auth/refresh", json=sent).json["access_token"]

        body = {"name": "x", "permissions": []}
        stale = client.post("/v1/roles", json=body, headers=factories.bearer(token))

        assert stale.json["code"] == "step_up_required"

    def test_needs_the_second_factor(self, charlie, commit):
        """A session that was begun without it neither is fresh nor becomes so by the password."""
        commit(lambda: session.execute(sa.update(User).values(has_factor=True)))

        answers = [
            charlie.post("/v1/roles", json={"name": "x", "permissions": []}),
            charlie.post("/v1/auth/step-up", json=RIGHT),
        ]

        assert [answer.json["code"] for answer in answers] == ["step_up_required"] * 2
        assert all('acr_values="2"' in it.headers["WWW-Authenticate"] for it in answers)

    def test_is_recorded(self, alice, commit):
        """The audit trail has it."""
        alice.post("/v1/auth/step-up", json=RIGHT)

        kinds = commit(lambda: list(session.scalars(sa.select(AuditEvent.type))))
        assert kinds.count("stepped_up") == 1


class TestAccept:
    def test_ends_the_session_after_ten_wrong_passwords(self, client, alice, commit):
        """The tenth ends the session on all routes together; other sessions stay open."""
        other = factories.log_in(client)
        wrong = {"current_password": "not her password"}
        bodies = [
            ("POST", "/v1/auth/step-up", WRONG),
            ("PUT", "/v1/users/me/password", {**wrong, "password": "an entirely new one"}),
            ("PUT", "/v1/users/me/email", {**wrong, "email": "new@example.com"}),
        ]

        answers = [
            alice.open(path, method=method, json=body) for method, path, body in (bodies * 4)[:10]
        ]

        assert {answer.json["code"] for answer in answers} == {"invalid_credentials"}
        assert alice.get("/v1/users/me").status_code == 401
        headers = factories.bearer(other["access_token"])
        assert client.get("/v1/users/me", headers=headers).status_code == 200
        reasons = commit(lambda: set(session.scalars(sa.select(Session.revoke_reason))))
        assert reasons == {"guessed", None}

    def test_keeps_the_session_before(self, alice):
        """Nine wrong passwords, and the right one still counts."""
        for _ in range(9):
            alice.post("/v1/auth/step-up", json=WRONG)

        assert alice.post("/v1/auth/step-up", json=RIGHT).status_code == 200

    @pytest.mark.parametrize("body", [RIGHT, WRONG])
    def test_verifies_in_no_transaction(self, alice, statements, body):
        """The password is read by a statement of its own, before the transaction begins."""
        with statements as sent:
            alice.post("/v1/auth/step-up", json=body)

        first, second, *_ = sent
        assert "users_session" in first
        assert "password_hash" in second
        assert not any("password_hash" in statement for statement in list(sent)[2:])
