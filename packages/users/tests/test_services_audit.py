import pytest

from mercato_kit.db import new_id
from mercato_users import services

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
