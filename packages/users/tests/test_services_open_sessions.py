from datetime import timedelta

import sqlalchemy as sa

from mercato_kit.db import new_id, session, utc_now
from mercato_users.models import AuditEvent, Session

from . import factories
from .factories import id_of


def log_in_elsewhere(client, **members):
    """Log in on another device, and return the access token."""
    body = {"email": "alice@example.com", "password": factories.PASSWORD, **members}
    return client.post("/v1/auth/login", json=body).json["access_token"]


def status_of(client, access_token):
    """Return the status of a request with a token."""
    headers = factories.bearer(access_token)
    return client.get("/v1/users/me", headers=headers).status_code


def expire(**columns):
    """Let columns of every session be over."""
    over = utc_now() - timedelta(seconds=1)
    session.execute(sa.update(Session).values(dict.fromkeys(columns, over)))


class TestListSessions:
    def test_shows_device_and_network(self, client, alice):
        """A session has the name of its device, else browser and system, and no full address."""
        agent = "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/131.0"
        client.environ_base |= {"HTTP_USER_AGENT": agent, "REMOTE_ADDR": "203.0.113.77"}
        log_in_elsewhere(client)
        log_in_elsewhere(client, device_name="Work laptop")

        listed = alice.get("/v1/users/me/sessions?sort=created_at").json["data"]

        assert [one["device"] for one in listed[1:]] == ["Firefox on Windows", "Work laptop"]
        assert [one["current"] for one in listed] == [True, False, False]
        assert listed[1]["network"] == "203.0.113.0/24"
        expected = {"id", "device", "network", "created_at", "last_seen_at", "acr", "current"}
        assert set(listed[0]) == expected

    def test_leaves_out_those_that_have_ended(self, client, alice):
        """Sessions that were logged out are not listed, and neither are those of others."""
        other = factories.bearer(log_in_elsewhere(client))
        client.post("/v1/auth/logout", headers=other)

        assert len(alice.get("/v1/users/me/sessions").json["data"]) == 1

    def test_takes_one_statement(self, alice, statements):
        """Beside that of the caller's identity."""
        with statements as sent:
            alice.get("/v1/users/me/sessions")

        assert len(sent) == 2, sent


class TestEndSession:
    def test_ends_one(self, client, alice):
        """Its tokens are refused from the next request on; the caller stays signed in."""
        token = log_in_elsewhere(client)
        _, newest = alice.get("/v1/users/me/sessions?sort=created_at").json["data"]

        ended = alice.delete(f"/v1/users/me/sessions/{newest['id']}")

        assert ended.status_code == 204
        assert status_of(client, token) == 401
        assert alice.get("/v1/users/me").status_code == 200

    def test_ends_none_of_others(self, alice, bob):
        """A session of another account answers 404, and stays open."""
        (of_bob,) = bob.get("/v1/users/me/sessions").json["data"]

        assert alice.delete(f"/v1/users/me/sessions/{of_bob['id']}").status_code == 404
        assert alice.delete(f"/v1/users/me/sessions/{new_id()}").status_code == 404
        assert bob.get("/v1/users/me").status_code == 200


class TestEndOthers:
    def test_ends_all_others(self, client, alice):
        """Every session but the caller's own ends."""
        tokens = [log_in_elsewhere(client) for _ in range(2)]

        assert alice.delete("/v1/users/me/sessions").status_code == 204
        assert [status_of(client, token) for token in tokens] == [401, 401]
        assert alice.get("/v1/users/me").status_code == 200

    def test_ends_all(self, alice, bob):
        """With current=true the caller is signed out, too; others are not."""
        assert alice.delete("/v1/users/me/sessions?current=true").status_code == 204
        assert alice.get("/v1/users/me").status_code == 401
        assert bob.get("/v1/users/me").status_code == 200


class TestLifetimes:
    def test_ends_if_it_is_idle(self, client, alice, commit):
        """Neither token of a session works that was not refreshed for two weeks."""
        commit(expire, idle_expires_at=True)

        refused = client.post(
            "/v1/auth/refresh", json={"refresh_token": alice.tokens["refresh_token"]}
        )

        assert (alice.get("/v1/users/me").status_code, refused.status_code) == (401, 401)

    def test_is_extended_by_a_refresh(self, client, alice, commit):
        """A refresh is use: the session is idle later, and not longer open in all."""
        ends = sa.select(Session.idle_expires_at, Session.expires_at)
        idle, latest = commit(lambda: session.execute(ends).one())

        client.post("/v1/auth/refresh", json={"refresh_token": alice.tokens["refresh_token"]})

        after = commit(lambda: session.execute(ends).one())
        assert after.idle_expires_at > idle
        assert after.expires_at == latest
        assert (idle - utc_now()) > timedelta(days=13)

    def test_is_short_for_staff(self, client, commit):
        """A session of an account that holds a permission lasts hours, and an hour unused."""
        commit(factories.make_user, "carol@example.com")
        commit(factories.give, "carol@example.com", ["users.read"])

        tokens = factories.log_in(client, "carol@example.com")
        client.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})

        login = commit(lambda: session.scalars(sa.select(Session)).one())
        assert timedelta(hours=11) < login.expires_at - utc_now() < timedelta(hours=13)
        assert timedelta(minutes=58) < login.idle_expires_at - utc_now() < timedelta(minutes=61)

    def test_is_long_without_a_permission(self, client, alice, commit):
        """A role that holds nothing does not make staff."""
        commit(factories.give, "alice@example.com", [])

        factories.log_in(client)

        shortest = sa.select(sa.func.min(Session.idle_expires_at))
        assert commit(lambda: session.scalar(shortest)) > utc_now() + timedelta(days=13)


class TestEndLongestUnused:
    def test_keeps_fifty(self, client, commit):
        """The session that was not used for longest ends when there would be too many."""
        user = commit(factories.make_user, "alice@example.com")
        oldest = commit(factories.open_sessions, user.id, 50)

        factories.log_in(client)

        revoked = sa.select(Session.id, Session.revoke_reason).where(
            Session.revoked_at.is_not(None)
        )
        assert commit(lambda: session.execute(revoked).all()) == [(oldest, "too_many")]


class TestRevokeSessions:
    def test_ends_all_of_an_account(self, alice, charlie):
        """Staff end the sessions of an account; it can log in again."""
        ended = charlie.post(f"/v1/users/{id_of(alice)}/revoke-sessions", json={"reason": "lost"})

        assert ended.status_code == 204
        assert alice.get("/v1/users/me").status_code == 401

    def test_touches_no_one_with_more(self, as_user, charlie):
        """Who lacks what the account holds cannot end its sessions."""
        staff = as_user(permissions=["users.write"])
        path = f"/v1/users/{id_of(charlie)}/revoke-sessions"

        assert staff.post(path, json={}).status_code == 403
        assert charlie.get("/v1/users/me").status_code == 200

    def test_answers_404_for_an_unknown_id(self, charlie):
        """An unknown account answers 404."""
        path = f"/v1/users/{new_id()}/revoke-sessions"

        assert charlie.post(path, json={}).status_code == 404


class TestLogOut:
    def test_is_recorded(self, alice, commit):
        """The audit trail has the end of a session."""
        alice.post("/v1/auth/logout")

        in_order = sa.select(AuditEvent.type).order_by(AuditEvent.id)
        kinds = commit(lambda: list(session.scalars(in_order)))
        assert kinds == ["logged_in", "logged_out"]
