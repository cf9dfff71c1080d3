import pytest
import sqlalchemy as sa

from mercato_kit.db import new_id, session
from mercato_users import services
from mercato_users.models import AuditEvent, Session

from . import factories
from .factories import id_of


@pytest.fixture
def ada(as_user, commit):
    """An administrator."""
    client = as_user(email="ada@example.com")
    commit(services.grant_role, id_of(client), "admin")
    return client


@pytest.fixture
def packers(commit):
    """A role that holds one permission of charlie's."""
    return commit(factories.make_role, "packers", ["users.read"])


def change(client, user_id, body, version=None):
    """Send PATCH for an account, with its version."""
    if version is None:
        version = client.get(f"/v1/users/{user_id}").json["version"]
    return client.patch(f"/v1/users/{user_id}", json=body, headers={"If-Match": f'"{version}"'})


class TestSetRoles:
    @pytest.mark.usefixtures("packers")
    def test_gives_and_takes_roles(self, charlie, alice, outbox):
        """An account has the roles that were set; each change is an event for other features."""
        user_id = id_of(alice)

        given = change(charlie, user_id, {"roles": ["packers"]})
        taken = change(charlie, user_id, {"roles": []})

        assert (given.status_code, given.json["roles"]) == (200, ["packers"])
        assert (taken.status_code, taken.json["roles"]) == (200, [])
        changes = [event.aggregate_id for event in outbox("user.roles_changed")]
        assert changes.count(user_id) == 2
        assert taken.headers["ETag"] == f'"{taken.json["version"]}"'

    @pytest.mark.usefixtures("packers")
    def test_holds_from_the_next_request_on(self, charlie, alice):
        """A permission is there, and gone, with the next request of an open session."""
        before = alice.get("/v1/users").status_code
        change(charlie, id_of(alice), {"roles": ["packers"]})
        given = alice.get("/v1/users").status_code
        change(charlie, id_of(alice), {"roles": []})

        assert (before, given, alice.get("/v1/users").status_code) == (403, 200, 403)

    def test_needs_what_the_role_holds(self, as_user, alice, commit):
        """Staff can neither give nor take a role with a permission that they lack."""
        staff = as_user(permissions=["users.read", "users.write"])
        commit(factories.make_role, "auditors", ["audit.read"])

        given = change(staff, id_of(alice), {"roles": ["auditors"]})
        commit(services.grant_role, id_of(alice), "auditors")
        taken = change(staff, id_of(alice), {"roles": []})

        assert (given.status_code, taken.status_code) == (403, 403)

    def test_counts_dormant_permissions(self, charlie, ada, alice, commit):
        """A permission that no feature declares now may be declared again: admins alone give it."""
        commit(factories.make_role, "shippers", ["orders.fulfill"])

        refused = change(charlie, id_of(alice), {"roles": ["shippers"]})
        given = change(ada, id_of(alice), {"roles": ["shippers"]})

        assert (refused.status_code, given.status_code) == (403, 200)

    def test_gives_the_system_role_only_by_its_holders(self, charlie, ada, alice):
        """Every permission is not the system role, which holds those of features to come."""
        refused = change(charlie, id_of(alice), {"roles": ["admin"]})
        given = change(ada, id_of(alice), {"roles": ["admin"]})

        assert (refused.status_code, refused.json["code"]) == (403, "forbidden")
        assert given.json["roles"] == ["admin"]

    @pytest.mark.usefixtures("packers")
    def test_touches_no_one_with_more(self, charlie, ada):
        """Staff cannot change an account that holds what they lack, whatever the role."""
        refused = change(charlie, id_of(ada), {"roles": ["admin", "packers"]})

        assert refused.status_code == 403

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"metadata": {"a": "b"}},
            {"roles": ["admin"], "metadata": {"a": "b"}},
            {"status": "suspended"},
        ],
    )
    def test_touches_no_one_with_more_by_any_field(self, charlie, ada, body):
        """The rule holds for every field, also beside roles that do not change."""
        before = ada.get("/v1/users/me").json

        refused = change(charlie, id_of(ada), body)

        assert refused.status_code == 403
        assert ada.get("/v1/users/me").json == before

    def test_refuses_an_unknown_role(self, charlie, alice):
        """The known roles are named."""
        refused = change(charlie, id_of(alice), {"roles": ["boss"]})

        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/roles")
        assert "Known roles: admin" in refused.json["detail"]

    def test_refuses_a_version_that_has_changed(self, charlie, alice):
        """If-Match is required, and must have the version that was read."""
        path = f"/v1/users/{id_of(alice)}"

        stale = change(charlie, id_of(alice), {"metadata": {"a": "b"}}, version=7)

        assert stale.status_code == 412
        assert charlie.patch(path, json={}).status_code == 428
        assert change(charlie, new_id(), {"roles": []}, version=1).status_code == 404

    def test_changes_status_and_metadata(self, charlie, alice):
        """Roles, status and metadata are changed together; the sessions of a suspended end."""
        body = {"roles": [], "status": "suspended", "metadata": {"note": "x"}}
        user_id = id_of(alice)

        changed = change(charlie, user_id, body)

        assert (changed.status_code, changed.json["status"]) == (200, "suspended")
        assert changed.json["metadata"] == {"note": "x"}
        assert alice.get("/v1/users/me").status_code == 401
        assert change(charlie, user_id, {"status": "active"}).json["status"] == "active"

    @pytest.mark.parametrize("field", ["email", "password_hash", "is_system", "version"])
    def test_refuses_other_fields(self, charlie, alice, field):
        """Mass assignment of another field is refused."""
        assert change(charlie, id_of(alice), {field: "x"}).status_code == 422

    @pytest.mark.usefixtures("packers")
    def test_makes_sessions_those_of_staff(self, charlie, alice, commit):
        """A grant shortens the open sessions of an account."""
        change(charlie, id_of(alice), {"roles": ["packers"]})

        of_alice = sa.select(Session).where(Session.user_id == id_of(alice))
        login = commit(lambda: session.scalars(of_alice).one())
        assert (login.expires_at - login.created_at).total_seconds() < 13 * 3600
        assert (login.idle_expires_at - login.created_at).total_seconds() < 3700

    @pytest.mark.usefixtures("packers")
    def test_is_in_the_audit_trail(self, charlie, alice, commit):
        """The trail says who gave and took which role, and by which session and request."""
        change(charlie, id_of(alice), {"roles": ["packers"]})
        change(charlie, id_of(alice), {"roles": []})

        trail = charlie.get(f"/v1/users/{id_of(alice)}/audit-events?sort=created_at").json["data"]
        given, taken = [event for event in trail if event["type"].startswith("role_")]
        assert (given["type"], given["data"]) == ("role_granted", {"role": "packers"})
        assert (taken["type"], taken["actor_id"]) == ("role_revoked", str(id_of(charlie)))
        assert None not in (given["session_id"], given["request_id"])
        stored = commit(lambda: session.scalars(sa.select(AuditEvent.key_id).distinct()).all())
        assert stored == [None]


class TestLastAdministrator:
    def test_cannot_lose_the_role(self, ada):
        """The only administrator cannot take the role from itself; the change is undone."""
        refused = change(ada, id_of(ada), {"roles": []})

        assert (refused.status_code, refused.json["code"]) == (409, "last_administrator")
        assert ada.get("/v1/users/me").json["roles"] == ["admin"]

    def test_cannot_be_suspended(self, ada):
        """Neither route suspends it."""
        user_id = id_of(ada)

        answers = [
            ada.post(f"/v1/users/{user_id}/suspend", json={}),
            change(ada, user_id, {"status": "suspended"}),
        ]

        assert [answer.json["code"] for answer in answers] == ["last_administrator"] * 2
        assert ada.get("/v1/users/me").status_code == 200

    @pytest.mark.parametrize("columns", [{"status": "suspended"}, {"email_verified_at": None}])
    def test_counts_those_who_can_log_in(self, ada, commit, columns):
        """Another one who is suspended or not verified does not count."""
        other = commit(factories.make_user, **columns)
        commit(services.grant_role, other.id, "admin")

        assert change(ada, id_of(ada), {"roles": []}).status_code == 409

    def test_is_not_the_last_beside_another(self, ada, commit):
        """With two of them, one can go."""
        commit(services.grant_role, commit(factories.make_user).id, "admin")

        gone = change(ada, id_of(ada), {"roles": []})

        assert (gone.status_code, gone.json["roles"]) == (200, [])

    def test_does_not_matter_for_others(self, charlie, alice):
        """A shop without administrators still suspends customers."""
        assert charlie.post(f"/v1/users/{id_of(alice)}/suspend", json={}).status_code == 204
