from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_kit.db import new_id, session
from mercato_kit.models import Bucket
from mercato_users import services
from mercato_users.models import AuditEvent

from . import factories
from .factories import id_of

OWN = "/v1/users/me/audit-events"


class TestListOwnEvents:
    def test_says_who_did_it(self, alice, charlie):
        """The owner sees what happened, newest first, and by whom; not who of the staff it was."""
        charlie.post(f"/v1/users/{id_of(alice)}/revoke-sessions", json={"reason": "a stolen phone"})
        tokens = factories.log_in(alice.application.test_client())

        found = alice.get(OWN, headers=factories.bearer(tokens["access_token"]))

        assert [(one["type"], one["by"]) for one in found.json["data"]] == [
            ("logged_in", "you"),
            ("session_ended", "staff"),
            ("logged_in", "you"),
        ]
        assert "stolen" not in found.text
        assert str(id_of(charlie)) not in found.text
        assert found.json["data"][0].keys() == {"id", "type", "by", "network", "created_at"}

    def test_says_what_the_system_did(self, alice, commit):
        """What an operator did by a command was done by the system."""
        commit(services.grant_role, id_of(alice), "admin")

        assert alice.get(OWN).json["data"][0]["by"] == "system"

    def test_is_of_the_caller_alone(self, alice, bob):
        """Events of another account are not shown."""
        assert len(alice.get(OWN).json["data"]) == len(bob.get(OWN).json["data"]) == 1


class TestListEvents:
    def test_of_an_account(self, alice, charlie):
        """Staff see the events of an account with actor, session and request."""
        (event,) = charlie.get(f"/v1/users/{id_of(alice)}/audit-events").json["data"]

        assert (event["type"], event["user_id"]) == ("logged_in", str(id_of(alice)))
        assert event["actor_id"] == event["user_id"]
        (login,) = alice.get("/v1/users/me/sessions").json["data"]
        assert event["session_id"] == login["id"]
        assert event["request_id"] is not None

    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ("type=logged_in", 2),
            ("type=role_granted", 1),
            ("created_at[gte]=2999-01-01T00:00:00Z", None),
            ("created_at[gte]=2200-01-01T00:00:00Z", 0),
            ("created_at[lte]=2200-01-01T00:00:00Z", 3),
            ("colour=red", None),
            ("limit=1", 1),
        ],
    )
    @pytest.mark.usefixtures("alice")
    def test_filters(self, charlie, filters, found):
        """The trail of all accounts is filtered by account, type and time."""
        answer = charlie.get(f"/v1/audit-events?{filters}")

        if found is None:
            assert answer.status_code == 422
        else:
            assert len(answer.json["data"]) == found

    def test_filters_by_account(self, alice, charlie):
        """An account that does not exist has no events."""
        of_alice = charlie.get(f"/v1/audit-events?user_id={id_of(alice)}").json["data"]
        of_nobody = charlie.get(f"/v1/audit-events?user_id={new_id()}").json["data"]

        assert (len(of_alice), of_nobody) == (1, [])

    def test_requires_its_permission(self, as_user, alice):
        """To see accounts is not to see the trail of all."""
        staff = as_user(permissions=["users.read"])

        assert staff.get("/v1/audit-events").status_code == 403
        assert staff.get(f"/v1/users/{id_of(alice)}/audit-events").status_code == 200


class TestLoginThrottled:
    """Strangers have used up the attempts of an account."""

    @pytest.fixture
    def settings(self, settings):
        """Memory for a password of each thread, so that none waits."""
        return {**settings, "password_memory_mib": 1024}

    def test_is_recorded_once(self, app, alice, run_worker):
        """Of 200 attempts at once, the ten that are verified and the refused ones leave one row."""
        with ThreadPoolExecutor(20) as threads:
            answers = list(threads.map(lambda _: fail(app.test_client()).status_code, range(200)))
        run_worker()

        assert (answers.count(401), answers.count(429)) == (10, 190)
        assert throttled(alice) == [("login_throttled", "system")]

    def test_is_recorded_once_a_window(self, client, alice, run_worker, commit):
        """A few attempts that become possible again leave no more rows; five minutes later one."""
        for passed in (timedelta(0), timedelta(minutes=6)):
            commit(factories.shift_attempts, passed)
            for _ in range(11):
                fail(client)
            run_worker()
        first = len(throttled(alice))
        commit(refill)
        commit(factories.shift_attempts, timedelta(minutes=6))
        for _ in range(11):
            fail(client)
        run_worker()

        assert (first, len(throttled(alice))) == (1, 2)

    def test_is_not_recorded_for_a_known_device(self, client, alice, run_worker):
        """A device that has used up its attempts is a stranger then, who still has all of them."""
        for _ in range(11):
            fail(client, device_token=alice.tokens["device_token"])
        run_worker()

        assert throttled(alice) == []

    def test_does_not_reveal_the_account(self, client, alice, commit, statements, run_worker):
        """An unknown address gets the same answers by the same statements, and leaves no row."""
        found = []
        for email in ("nobody@example.com", "alice@example.com"):
            with statements as sent:
                answers = [fail(client, email=email) for _ in range(12)]
            members = [set(one.json) for one in answers]
            found.append(([one.status_code for one in answers], members, len(sent)))
            run_worker()

        assert found[0] == found[1]
        rows = commit(lambda: session.scalars(of_type("login_throttled")).all())
        assert rows == [id_of(alice)]


def fail(client, **members):
    """Try to log in with a wrong password."""
    return client.post("/v1/auth/login", json={**factories.WRONG_LOGIN, **members})


def throttled(client):
    """Return what the own trail has of refused logins."""
    events = client.get(OWN).json["data"]
    return [(one["type"], one["by"]) for one in events if one["type"] == "login_throttled"]


def of_type(what):
    """Return the statement that reads whose events of a type there are."""
    return sa.select(AuditEvent.user_id).where(AuditEvent.type == what)


def refill():
    """Let all buckets be full."""
    session.execute(sa.update(Bucket).values(full_at=0))
