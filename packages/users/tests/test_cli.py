import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_contracts.people import People
from mercato_kit.db import session, utc_now
from mercato_kit.services import get
from mercato_users import jobs
from mercato_users.errors import (
    EmailTaken,
    InvalidName,
    LastAdministrator,
    RoleTaken,
    SystemRole,
    UnknownPermission,
    UnknownRole,
    WeakPassword,
)
from mercato_users.models import User

from . import factories

AGE = timedelta(days=100)


class TestSecurityLog:
    def test_has_granted_roles(self, mercato_users, security_log):
        """A granted role is logged with the account; a failed command logs nothing."""
        mercato_users("create", "ada@example.com", "--role=admin", typed=f"{factories.PASSWORD}\n")
        with pytest.raises(UnknownRole):
            mercato_users("create", "bo@example.com", "--role=x", typed=f"{factories.PASSWORD}\n")

        created, granted = security_log()
        assert (created["event"], granted["event"]) == ("created_by_operator", "role_granted")
        assert granted == {"event": "role_granted", "role": "admin", "user_id": created["user_id"]}


class TestCreate:
    def test_creates_a_verified_account(self, client, mercato_users):
        """The password is read from standard input, and the role is granted."""
        done = mercato_users(
            "create", "ada@example.com", "--role", "admin", typed=f"{factories.PASSWORD}\n"
        )

        assert done.exit_code == 0, done.output
        assert "Created ada@example.com" in done.output
        assert factories.PASSWORD not in done.output
        tokens = factories.log_in(client, "ada@example.com")
        listed = client.get("/v1/users", headers=factories.bearer(tokens["access_token"]))
        assert listed.status_code == 200

    @pytest.mark.parametrize(
        ("password", "said"),
        [
            ("short", r"Use 12 to 128 characters\."),
            ("password1234", "This password is well known"),
        ],
    )
    def test_refuses_a_weak_password(self, mercato_users, commit, password, said):
        """The command fails with the reason, and no account is created."""
        with pytest.raises(WeakPassword, match=said):
            mercato_users("create", "ada@example.com", typed=f"{password}\n")

        assert commit(addresses) == []

    def test_refuses_an_invalid_address(self, mercato_users, commit):
        """The error names the argument, and no account is created."""
        refused = mercato_users("create", "ada", typed=f"{factories.PASSWORD}\n")

        assert refused.exit_code == 2
        assert "'ada' is not an e-mail address" in refused.output
        assert commit(addresses) == []

    @pytest.mark.parametrize("name", [" ", "Two\nlines", "x" * 101, "\udcff"])
    def test_refuses_a_name_as_the_api_does(self, mercato_users, commit, name):
        """Names have the same rules on both databases; the error names the option."""
        refused = mercato_users("create", "ada@example.com", "--given-name", name)

        assert refused.exit_code == 2
        assert "Invalid value for --given-name" in refused.output
        assert commit(addresses) == []

    def test_refuses_an_address_in_use(self, mercato_users):
        """A second account with the address is refused, and nothing changes."""
        mercato_users("create", "ada@example.com", typed=f"{factories.PASSWORD}\n")

        with pytest.raises(EmailTaken, match=r"with the address ADA@example\.com already exists"):
            mercato_users("create", "ADA@example.com", typed="another long password\n")

    def test_lists_the_known_roles(self, mercato_users, commit):
        """An unknown role is refused with a list of roles, and no account is created."""
        typed = f"{factories.PASSWORD}\n"

        with pytest.raises(UnknownRole, match=r"Unknown role 'boss'\. Known roles: admin\."):
            mercato_users("create", "ada@example.com", "--role", "boss", typed=typed)

        assert commit(addresses) == []


def addresses():
    """Return the addresses of all accounts."""
    return list(session.scalars(sa.select(User.email)))


class TestCreateService:
    def test_creates_an_account_that_cannot_log_in(self, client, mercato_users, commit, read_with):
        """It has roles and API keys, but no password, and lists of people leave it out."""
        done = mercato_users("create-service", "stock-sync", "--role", "admin")

        assert done.exit_code == 0, done.output
        account = commit(lambda: session.scalars(sa.select(User)).one())
        assert (account.kind, account.email) == ("service", "stock-sync@service.invalid")
        body = {"email": account.email, "password": ""}
        assert client.post("/v1/auth/login", json=body).status_code in (401, 422)
        text, _ = commit(factories.make_api_key, account.id, ["users.read"])
        assert read_with(text, "/v1/users").json["data"] == []
        listed = read_with(text, "/v1/users?kind=service").json["data"]
        assert [one["email"] for one in listed] == ["stock-sync@service.invalid"]
        assert read_with(text, "/v1/users/me").json["kind"] == "service"

    def test_is_suspended_by_its_address(self, mercato_users, commit, read_with):
        """The commands for accounts take the address that was printed; keys end with it."""
        mercato_users("create-service", "stock-sync")
        user_id = commit(lambda: session.scalars(sa.select(User.id)).one())
        text, _ = commit(factories.make_api_key, user_id)

        mercato_users("suspend", "stock-sync@service.invalid")

        assert read_with(text, "/v1/users/me").status_code == 401

    @pytest.mark.parametrize("path", ["/v1/users", "/v1/auth/password/forgot"])
    def test_has_an_address_for_nothing_else(self, client, path):
        """It cannot be registered, and no link can be mailed to it."""
        body = factories.registration("stock-sync@service.invalid")

        refused = client.post(path, json=body)

        pointers = [error["pointer"] for error in refused.json["errors"]]
        assert "/email" in pointers

    def test_refuses_a_name_twice(self, mercato_users):
        """The name is its address for other commands."""
        mercato_users("create-service", "stock-sync")

        with pytest.raises(EmailTaken, match="service account stock-sync already"):
            mercato_users("create-service", "stock-sync")

    @pytest.mark.parametrize("name", ["", "Stock", "a b", "a-", "a--b", "x" * 51, "a@b", "\u0663"])
    def test_refuses_another_form(self, mercato_users, commit, name):
        """The name is part of an address."""
        with pytest.raises(InvalidName):
            mercato_users("create-service", name)

        assert commit(addresses) == []

    def test_is_not_deleted_as_unverified(self, mercato_users, commit):
        """Its address cannot be verified, and need not be."""
        mercato_users("create-service", "stock-sync")
        commit(lambda: session.execute(sa.update(User).values(created_at=utc_now() - AGE)))

        commit(jobs.forget_unverified)

        assert commit(addresses) == ["stock-sync@service.invalid"]

    def test_is_no_person(self, app, mercato_users, commit):
        """Other features get no address of a program, to which no mail can be sent."""
        mercato_users("create-service", "stock-sync")
        user_id = commit(lambda: session.scalars(sa.select(User.id)).one())

        with app.app_context():
            assert get(People).get_many([user_id]) == {}


class TestRoles:
    def test_lists_permissions(self, mercato_users, commit):
        """Each role is a line with its permissions."""
        commit(factories.make_role, "packers", ["stock.read", "orders.fulfill"])

        shown = mercato_users("roles")

        assert shown.output.splitlines() == [
            "admin: everything",
            "packers: orders.fulfill, stock.read",
        ]

    def test_adds_sets_and_removes(self, mercato_users):
        """The list as JSON says what holds, and what is dormant."""
        mercato_users("roles", "add", "readers", "users.read", "audit.read")
        mercato_users("roles", "set", "readers", "users.read")
        listed = json.loads(mercato_users("roles", "--json").output)
        mercato_users("roles", "remove", "readers")

        assert listed[1] == {
            "name": "readers",
            "is_system": False,
            "permissions": ["users.read"],
            "dormant_permissions": [],
        }
        assert mercato_users("roles").output == "admin: everything\n"

    @pytest.mark.parametrize(
        ("arguments", "refusal"),
        [
            (["add", "x", "users.reed"], UnknownPermission),
            (["add", "admin"], RoleTaken),
            (["set", "admin"], SystemRole),
            (["remove", "admin"], SystemRole),
        ],
    )
    def test_refuses_what_cannot_be(self, mercato_users, arguments, refusal):
        """Commands stand above who may do it, not above what a role is."""
        with pytest.raises(refusal):
            mercato_users("roles", *arguments)

    @pytest.mark.parametrize(
        ("arguments", "said"), [(["add"], "name the role"), (["set", "x"], "there is no role x")]
    )
    def test_says_what_is_missing(self, mercato_users, arguments, said):
        """A name that is missing or unknown is an error of the command."""
        refused = mercato_users("roles", *arguments)

        assert refused.exit_code != 0
        assert said in refused.output


class TestGrant:
    def test_gives_and_takes_a_role(self, mercato_users, client, commit):
        """The account has the role, and then has it no more."""
        commit(factories.make_user, "ada@example.com")
        commit(factories.make_user, "bea@example.com")
        mercato_users("grant", "ADA@example.com", "admin")
        mercato_users("grant", "bea@example.com", "admin")
        given = factories.log_in(client, "ada@example.com")["user"]["roles"]

        mercato_users("revoke", "ada@example.com", "admin")

        assert given == ["admin"]
        assert factories.log_in(client, "ada@example.com")["user"]["roles"] == []

    @pytest.mark.parametrize(
        "command", [("revoke", "ada@example.com", "admin"), ("suspend", "ada@example.com")]
    )
    def test_keeps_the_last_administrator(self, mercato_users, commit, command):
        """Only with --force is there no administrator left."""
        commit(factories.make_user, "ada@example.com")
        mercato_users("grant", "ada@example.com", "admin")

        with pytest.raises(LastAdministrator):
            mercato_users(*command)

        assert mercato_users(*command, "--force").exit_code == 0

    def test_refuses_an_unknown_account(self, mercato_users):
        """The address is named."""
        refused = mercato_users("grant", "no@example.com", "admin")

        assert refused.exit_code == 1
        assert "no account with the address no@example.com" in refused.output


class TestSuspend:
    def test_suspends_and_reactivates(self, mercato_users, alice, client):
        """The sessions end; after the reactivation the account logs in again."""
        mercato_users("suspend", "alice@example.com", "--reason", "stolen phone")
        suspended = alice.get("/v1/users/me").status_code

        mercato_users("reactivate", "alice@example.com")

        assert suspended == 401
        factories.log_in(client)


class TestSessions:
    def test_lists_and_ends_them(self, mercato_users, alice, client):
        """A session is ended by its id, or all are."""
        other = factories.log_in(client)["access_token"]
        listed = json.loads(mercato_users("sessions", "alice@example.com", "--json").output)

        mercato_users("sessions", "alice@example.com", "--end", listed[0]["id"])
        one = client.get("/v1/users/me", headers=factories.bearer(other)).status_code
        still = alice.get("/v1/users/me").status_code
        mercato_users("sessions", "alice@example.com", "--end", "all")

        assert len(listed) == 2
        assert (one, still, alice.get("/v1/users/me").status_code) == (401, 200, 401)

    def test_refuses_what_is_no_id(self, mercato_users, alice):
        """The option is named."""
        refused = mercato_users("sessions", "alice@example.com", "--end", "first")

        assert refused.exit_code == 2
        assert "--end" in refused.output
        assert alice.get("/v1/users/me").status_code == 200


class TestAudit:
    @pytest.mark.usefixtures("alice")
    def test_lists_what_happened(self, mercato_users):
        """Each event is a line: when, what, by whom and from where."""
        mercato_users("suspend", "alice@example.com")

        newest, oldest = mercato_users("audit", "alice@example.com").output.splitlines()

        assert newest.split("  ")[1:] == ["suspended", "system"]
        assert oldest.split("  ")[1:3] == ["logged_in", "you"]


class TestResetFactor:
    def test_removes_the_factors(self, client, mercato_users, commit):
        """The owner logs in with the password alone; its open sessions end."""
        commit(factories.make_user, "ada@example.com")
        token = factories.log_in(client, "ada@example.com")["access_token"]
        commit(lambda: session.execute(sa.update(User).values(has_factor=True)))

        done = mercato_users("reset-factor", "ada@example.com", "--reason", "lost phone")

        assert done.output == "Removed the second factors of ada@example.com.\n"
        assert client.get("/v1/users/me", headers=factories.bearer(token)).status_code == 401
        assert factories.log_in(client, "ada@example.com")
