import pytest

from mercato_contracts.people import People, Person
from mercato_kit.composition import current_composition
from mercato_kit.db import utc_now
from mercato_kit.identity import IdentityProvider
from mercato_kit.services import get
from mercato_testing.contracts import PeopleSuite
from mercato_users import services
from mercato_users.provides import AccountOwners
from mercato_users.services import erase_user

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
        """A user with two roles has those of both, except those that no feature declares."""
        client = as_user(email="zoe@example.com", permissions=["users.read"])
        commit(factories.make_role, "packers", ["orders.fulfill", "users.write"])
        commit(services.grant_role, principal_of(client).sub, "packers")

        principal = principal_of(client)

        assert principal.permissions == {"users.read", "users.write"}

    def test_says_how_the_caller_signed_in(self, as_user, principal_of):
        """A login with a password is acr 1, and the time of it makes the session fresh."""
        before = utc_now()

        principal = principal_of(as_user(email="zoe@example.com"))

        assert (principal.acr, principal.amr, principal.factor) == (1, ("pwd",), False)
        assert before <= principal.auth_time <= utc_now()

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


class TestContract(PeopleSuite):
    provider = AccountOwners

    @pytest.fixture
    def known(self, commit):
        """Two accounts."""
        return [commit(factories.make_user).id for _ in range(2)]

    @pytest.fixture
    def erased(self, commit):
        """An account whose owner's data was erased."""
        user = commit(factories.make_user)
        commit(erase_user, user.id)
        return user.id


class TestAccountOwners:
    def test_returns_people(self, app, commit):
        """A person has address, name and language, and whether the address is verified."""
        named = {"given_name": "Zoe", "family_name": "Zorn", "locale": "de-AT"}
        zoe = commit(factories.make_user, email="Zoe@example.com", **named)
        new = commit(factories.make_user, email="new@example.com", email_verified_at=None)

        with app.app_context():
            people = get(People).get_many([zoe.id, new.id])

        assert people == {
            zoe.id: Person(zoe.id, "Zoe@example.com", email_verified=True, **named),
            new.id: Person(new.id, "new@example.com", email_verified=False),
        }
