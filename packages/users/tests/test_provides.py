import pytest

from mercato_kit.composition import current_composition
from mercato_kit.identity import IdentityProvider
from mercato_kit.services import get
from mercato_users import services

from . import factories


@pytest.fixture
def principal_of(app):
    """Asks the provider who a client is."""

    def ask(client):
        with app.test_request_context():
            return get(IdentityProvider).authenticate(client.tokens["access_token"])

    return ask


class TestIdentity:
    def test_tells_who_is_calling(self, as_user, principal_of):
        """Id, address, name and session: what other features store beside their rows."""
        client = as_user(email="zoe@example.com", name="Zoe")

        principal = principal_of(client)

        assert str(principal.sub) == client.get("/v1/users/me").json["id"]
        assert (principal.kind, principal.name) == ("user", "Zoe")
        assert (principal.email, principal.email_verified) == ("zoe@example.com", True)
        assert principal.session_id is not None
        assert principal.permissions == frozenset()

    def test_unites_the_permissions_of_all_roles(self, as_user, principal_of, commit):
        """Somebody with two roles may do what either allows."""
        client = as_user(email="zoe@example.com", permissions=["users.read"])
        commit(services.create_role, "packers", ["orders.fulfill", "stock.read"])
        commit(services.grant_role, principal_of(client).sub, "packers")

        principal = principal_of(client)

        assert principal.permissions == {"users.read", "orders.fulfill", "stock.read"}

    def test_lets_admin_do_whatever_is_declared(self, app, as_user, principal_of, commit):
        """The permissions of admin are computed from what is composed, not stored."""
        client = as_user(email="zoe@example.com")
        commit(services.grant_role, principal_of(client).sub, "admin")

        principal = principal_of(client)

        with app.app_context():
            assert principal.permissions == current_composition().permissions != frozenset()

    def test_asks_the_database_once(self, charlie, principal_of, statements):
        """Whatever somebody may do, knowing it takes one statement."""
        with statements as sent:
            principal_of(charlie)

        assert len(sent) == 1, sent

    def test_takes_away_a_permission_at_once(self, charlie, commit, principal_of):
        """A role that is taken away is gone at the next request, not at the next login."""
        commit(factories.take_roles, principal_of(charlie).sub)

        assert charlie.get("/v1/users").status_code == 403
