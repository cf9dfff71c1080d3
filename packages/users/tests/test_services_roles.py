import pytest

from mercato_kit.db import new_id
from mercato_users import services

from . import factories
from .factories import id_of

PACKERS = {"name": "packers", "permissions": ["users.read"]}


@pytest.fixture
def packers(charlie):
    """A role that charlie has made."""
    return charlie.post("/v1/roles", json=PACKERS).json


def change(client, role, body):
    """Send PATCH for a role, with its version."""
    headers = {"If-Match": f'"{role["version"]}"'}
    return client.patch(f"/v1/roles/{role['id']}", json=body, headers=headers)


class TestCreateRole:
    def test_makes_a_role(self, charlie):
        """The role has its permissions, a version and an address."""
        made = charlie.post("/v1/roles", json={**PACKERS, "metadata": {"floor": "2"}})

        assert made.status_code == 201
        assert made.json == charlie.get(made.headers["Location"]).json
        assert made.json["permissions"] == ["users.read"]
        assert (made.json["version"], made.json["metadata"]) == (1, {"floor": "2"})
        assert (made.json["is_system"], made.json["dormant_permissions"]) == (False, [])

    @pytest.mark.usefixtures("packers")
    def test_refuses_a_name_twice(self, charlie):
        """Another role of the name is a conflict."""
        again = charlie.post("/v1/roles", json=PACKERS)

        assert (again.status_code, again.json["code"]) == (409, "role_taken")

    def test_refuses_unknown_permissions(self, charlie):
        """A permission that no enabled feature declares is a mistake."""
        refused = charlie.post("/v1/roles", json={"name": "x", "permissions": ["users.reed"]})

        assert (refused.status_code, refused.json["errors"][0]["code"]) == (
            422,
            "unknown_permission",
        )

    def test_needs_what_it_holds(self, as_user):
        """A caller cannot make a role with a permission that they lack."""
        staff = as_user(permissions=["roles.write"])

        refused = staff.post("/v1/roles", json=PACKERS)

        assert (refused.status_code, refused.json["code"]) == (403, "forbidden")

    def test_is_in_the_audit_trail(self, charlie, packers):
        """The trail of all accounts has changes of roles, which are of no account."""
        change(charlie, packers, {"permissions": []})
        charlie.delete(f"/v1/roles/{packers['id']}")

        trail = charlie.get("/v1/audit-events?sort=created_at&limit=100").json["data"]

        found = [one for one in trail if one["user_id"] is None]
        assert [one["type"] for one in found] == ["role_created", "role_changed", "role_deleted"]
        assert {one["actor_id"] for one in found} == {str(id_of(charlie))}
        assert found[1]["data"] == {"role": "packers", "permissions": []}


class TestUpdateRole:
    def test_changes_what_its_holders_may_do(self, charlie, packers, alice, commit):
        """The change holds with the next request of those who have the role."""
        commit(services.grant_role, id_of(alice), "packers")
        before = alice.get("/v1/users").status_code

        changed = change(charlie, packers, {"name": "readers", "permissions": []})

        assert (before, alice.get("/v1/users").status_code) == (200, 403)
        assert changed.json["name"] == "readers"
        assert changed.headers["ETag"] == '"2"'
        assert change(charlie, packers, {"name": "x"}).status_code == 412

    def test_needs_what_it_held_before(self, as_user, packers, commit):
        """A role cannot be emptied by who lacks what it holds."""
        staff = as_user(permissions=["roles.write"])

        assert change(staff, packers, {"permissions": []}).status_code == 403
        assert change(staff, packers, {"name": "x"}).status_code == 403

    def test_is_not_for_its_own_holders(self, as_user, commit, packers):
        """Who has a role does not edit it, unless with the system role."""
        staff = as_user(permissions=["roles.write", "users.read"])
        commit(services.grant_role, id_of(staff), "packers")

        refused = change(staff, packers, {"name": "x"})
        commit(services.grant_role, id_of(staff), "admin")

        assert (refused.status_code, refused.json["detail"]) == (
            403,
            "You have this role yourself.",
        )
        assert change(staff, packers, {"name": "x"}).status_code == 200

    def test_keeps_dormant_permissions(self, as_user, commit):
        """What a feature that is off declared stays stored, and gives nothing."""
        ada = as_user()
        commit(services.grant_role, id_of(ada), "admin")
        role_id = commit(factories.make_role, "shippers", ["orders.fulfill", "users.read"])

        role = ada.get(f"/v1/roles/{role_id}").json
        kept = change(ada, role, {"permissions": ["orders.fulfill"]})

        assert role["dormant_permissions"] == ["orders.fulfill"]
        assert (kept.json["permissions"], kept.json["dormant_permissions"]) == (
            [],
            ["orders.fulfill"],
        )

    def test_refuses_a_name_of_another(self, charlie, packers):
        """Two roles cannot have one name."""
        charlie.post("/v1/roles", json={"name": "pickers", "permissions": []})

        refused = change(charlie, packers, {"name": "pickers"})

        assert (refused.status_code, refused.json["code"]) == (409, "role_taken")

    def test_refuses_the_system_role(self, charlie):
        """The role admin is unchangeable, and cannot be deleted."""
        (admin,) = charlie.get("/v1/roles?limit=1").json["data"]

        refused = change(charlie, admin, {"permissions": []})
        kept = charlie.delete(f"/v1/roles/{admin['id']}")

        assert (refused.status_code, refused.json["code"]) == (409, "system_role")
        assert (kept.status_code, kept.json["code"]) == (409, "system_role")

    def test_answers_404_for_an_unknown_id(self, charlie):
        """An unknown role answers 404."""
        assert change(charlie, {"id": new_id(), "version": 1}, {}).status_code == 404


class TestDeleteRole:
    def test_deletes_a_role(self, charlie, packers):
        """The role is gone."""
        path = f"/v1/roles/{packers['id']}"

        assert charlie.delete(path).status_code == 204
        assert charlie.get(path).status_code == 404

    def test_refuses_a_role_that_an_account_has(self, charlie, packers, alice, commit):
        """The foreign key decides."""
        commit(services.grant_role, id_of(alice), "packers")

        refused = charlie.delete(f"/v1/roles/{packers['id']}")

        assert (refused.status_code, refused.json["code"]) == (409, "role_in_use")


class TestListRoles:
    @pytest.mark.usefixtures("packers")
    def test_pages_have_every_role_once(self, charlie):
        """Roles are listed by name; admin holds every declared permission."""
        first = charlie.get("/v1/roles?limit=1").json
        second = charlie.get(f"/v1/roles?limit=1&cursor={first['next_cursor']}").json

        (admin,), (packers,) = first["data"], second["data"]
        declared = charlie.get("/v1/permissions").json["data"]
        assert (admin["name"], packers["name"]) == ("admin", "packers")
        assert admin["permissions"] == [one["name"] for one in declared]

    def test_takes_equal_statements_for_any_number(self, charlie, commit, statements):
        """The permissions of all roles of a page are read at once."""
        for number in range(5):
            commit(factories.make_role, f"role {number}", ["users.read"])

        with statements as sent:
            charlie.get("/v1/roles")

        assert len(sent) == 3, sent


class TestListPermissions:
    def test_says_what_each_allows(self, charlie, commit):
        """Declared ones have a description; stored ones that no feature declares are dormant."""
        commit(factories.make_role, "shippers", ["orders.fulfill"])

        found = {one.pop("name"): one for one in charlie.get("/v1/permissions").json["data"]}

        assert found["orders.fulfill"] == {"description": None, "dormant": True}
        assert found["users.read"]["dormant"] is False
        assert "account" in found["users.read"]["description"]
