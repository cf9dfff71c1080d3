from functools import partial

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from mercato_kit.db import session
from mercato_users.cli import commands
from mercato_users.errors import EmailTaken, UnknownRole, WeakPassword
from mercato_users.models import User

from . import factories


@pytest.fixture
def mercato_users(app, commit):
    """A function that runs ``mercato users …`` with an input, as the host does."""

    def run(*arguments, typed=""):
        command = partial(CliRunner().invoke, commands, arguments, input=typed)
        return commit(command, catch_exceptions=False)

    return run


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


class TestListRoles:
    def test_lists_permissions(self, mercato_users, commit):
        """Each role is a line with its permissions."""
        commit(factories.make_role, "packers", ["stock.read", "orders.fulfill"])

        shown = mercato_users("roles")

        assert shown.output.splitlines() == [
            "admin: everything",
            "packers: orders.fulfill, stock.read",
        ]
