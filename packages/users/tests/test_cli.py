from functools import partial

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from mercato_kit.db import session
from mercato_users.cli import commands
from mercato_users.errors import EmailTaken
from mercato_users.errors import UnknownRole
from mercato_users.errors import WeakPassword
from mercato_users.models import User

from . import factories


@pytest.fixture
def mercato_users(app, commit):
    """Runs ``mercato users …`` with what is typed, as the host does."""

    def run(*arguments, typed=""):
        command = partial(CliRunner().invoke, commands, arguments, input=typed)
        return commit(command, catch_exceptions=False)

    return run


class TestCreate:
    def test_makes_an_account_that_is_open_at_once(self, client, mercato_users):
        """The password comes from standard input; the role is given."""
        done = mercato_users(
            "create", "ada@example.com", "--role", "admin", typed=f"{factories.PASSWORD}\n"
        )

        assert done.exit_code == 0, done.output
        assert "Made ada@example.com" in done.output
        assert factories.PASSWORD not in done.output
        tokens = factories.log_in(client, "ada@example.com")
        listed = client.get("/v1/users", headers=factories.bearer(tokens["access_token"]))
        assert listed.status_code == 200

    @pytest.mark.parametrize(
        ("password", "said"),
        [
            ("short", r"Use 12 to 128 characters\."),
            ("password1234", "This password is on the lists"),
        ],
    )
    def test_refuses_a_weak_password(self, mercato_users, commit, password, said):
        """The host gets a refusal that says what is wrong, and nothing is made."""
        with pytest.raises(WeakPassword, match=said):
            mercato_users("create", "ada@example.com", typed=f"{password}\n")

        assert commit(addresses) == []

    def test_refuses_what_is_no_address(self, mercato_users, commit):
        """The argument is named with what is wrong with it, and nothing is made."""
        refused = mercato_users("create", "ada", typed=f"{factories.PASSWORD}\n")

        assert refused.exit_code == 2
        assert "'ada' is not an e-mail address" in refused.output
        assert commit(addresses) == []

    def test_says_that_the_address_is_taken(self, mercato_users):
        """The second time says so, and changes nothing."""
        mercato_users("create", "ada@example.com", typed=f"{factories.PASSWORD}\n")

        with pytest.raises(EmailTaken, match=r"with the address ADA@example\.com"):
            mercato_users("create", "ADA@example.com", typed="another long password\n")

    def test_names_the_roles_there_are(self, mercato_users, commit):
        """A role that does not exist is refused with those that do, and nobody is made."""
        typed = f"{factories.PASSWORD}\n"

        with pytest.raises(UnknownRole, match=r"called 'boss'\. There are: admin\."):
            mercato_users("create", "ada@example.com", "--role", "boss", typed=typed)

        assert commit(addresses) == []


def addresses():
    """List the addresses that have an account."""
    return list(session.scalars(sa.select(User.email)))


class TestListRoles:
    def test_shows_what_each_may_do(self, mercato_users, commit):
        """One line a role."""
        commit(factories.services.create_role, "packers", ["stock.read", "orders.fulfill"])

        shown = mercato_users("roles")

        assert shown.output.splitlines() == [
            "admin: everything",
            "packers: orders.fulfill, stock.read",
        ]
