import pytest

from mercato_kit.composition import current_composition
from mercato_kit.identity import IdentityProvider
from mercato_kit.services import get
from mercato_users import services

from . import factories


@pytest.fixture
def principal_of(app):
    """A function that returns the principal of a client."""

    def ask(client):
        with app.test_request_context():
            return get(IdentityProvider).authenticate(client.tokens["access_token"])

    return ask


class TestIdentity:
    def test_returns_the_principal(self, as_user, principal_of):
        """The principal has id, address, name and session."""
        client = as_user(email="zoe@example.com", name="Zoe")

        principal = principal_of(client)

        assert str(principal.sub) == client.get("/v1/users/me").json["id"]
        assert (principal.kind, principal.name) == ("user", "Zoe")
        assert (principal.email, principal.email_verified) == ("zoe@example.com", True)
        assert principal.session_id is not None
        assert principal.permissions == frozenset()

    def test_combines_the_permissions_of_all_roles(self, as_user, principal_of, commit):
        """A user with two roles has the permissions of both."""
        client = as_user(email="zoe@example.com", permissions=["users.read"])
        commit(services.create_role, "packers", ["orders.fulfill", "stock.read"])
        commit(services.grant_role, principal_of(client).sub, "packers")

        principal = principal_of(client)

        assert principal.permissions == {"users.read", "orders.fulfill", "stock.read"}

    def test_admin_has_every_declared_permission(self, app, as_user, principal_of, commit):
        """The permissions of admin are computed from the composition, not stored."""
        client = as_user(email="zoe@example.com")
        commit(services.grant_role, principal_of(client).sub, "admin")

        principal = principal_of(client)

        with app.app_context():
            assert principal.permissions == current_composition().permissions != frozenset()

    def test_takes_one_statement(self, charlie, principal_of, statements):
        """Authentication takes one statement for any number of permissions."""
        with statements as sent:
            principal_of(charlie)

        assert len(sent) == 1, sent

    def test_revokes_a_permission_immediately(self, charlie, commit, principal_of):
        """A removed role has no effect from the next request on."""
        commit(factories.take_roles, principal_of(charlie).sub)

        assert charlie.get("/v1/users").status_code == 403
