import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from mercato_kit.db import session
from mercato_users.cli import commands
from mercato_users.models import User

from . import factories


@pytest.fixture
def mercato_users(app, commit):
    """Runs ``mercato users …`` with what is typed, as the host does."""

    def run(*arguments, typed=""):
        return commit(lambda: CliRunner().invoke(commands, arguments, input=typed))

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
        ("email", "password", "said"),
        [
            ("ada@example.com", "short", "Use 12 to 128 characters."),
            ("ada@example.com", "password1234", "This password is on the lists"),
            ("ada", factories.PASSWORD, "'ada' is not an e-mail address"),
        ],
    )
    def test_refuses_clearly(self, mercato_users, commit, email, password, said):
        """What is wrong is said in a sentence, and nothing is made."""
        refused = mercato_users("create", email, typed=f"{password}\n")

        assert refused.exit_code != 0
        assert said in refused.output
        assert commit(lambda: session.scalars(sa.select(User)).all()) == []

    def test_says_that_the_address_is_taken(self, mercato_users):
        """The second time says so, and changes nothing."""
        mercato_users("create", "ada@example.com", typed=f"{factories.PASSWORD}\n")

        again = mercato_users("create", "ADA@example.com", typed="another long password\n")

        assert again.exit_code == 1
        assert "There is an account with the address ADA@example.com." in again.output

    def test_names_the_roles_there_are(self, mercato_users):
        """A role that does not exist is refused with those that do."""
        refused = mercato_users(
            "create", "ada@example.com", "--role", "boss", typed=f"{factories.PASSWORD}\n"
        )

        assert refused.exit_code == 1
        assert "no role called 'boss'. There are: admin." in refused.output


class TestListRoles:
    def test_shows_what_each_may_do(self, mercato_users, commit):
        """One line a role."""
        commit(factories.services.create_role, "packers", ["stock.read", "orders.fulfill"])

        shown = mercato_users("roles")

        assert shown.output.splitlines() == [
            "admin: everything",
            "packers: orders.fulfill, stock.read",
        ]
