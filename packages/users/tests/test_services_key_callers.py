"""Programs call with API keys."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_kit.db import session, utc_now
from mercato_kit.identity import IdentityProvider, current_principal
from mercato_kit.services import get
from mercato_users import api_keys, services
from mercato_users.models import ApiKey, AuditEvent, User
from mercato_users.services import audit

from . import factories
from .factories import id_of


@pytest.fixture
def key_of(commit):
    """A function that makes an API key of a client, and returns its text."""

    def make(client, *scopes, **columns):
        return commit(factories.make_api_key, id_of(client), scopes, **columns)[0]

    return make


@pytest.fixture
def principal_of(app):
    """A function that returns the principal of an API key."""

    def read(key):
        with app.app_context():
            return get(IdentityProvider).authenticate(key)

    return read


class TestIdentify:
    def test_returns_a_service(self, alice, key_of, principal_of):
        """The principal acts for the owner of the key, and has no session."""
        principal = principal_of(key_of(alice))

        assert (principal.kind, principal.sub) == ("service", id_of(alice))
        assert (principal.email, principal.email_verified) == ("alice@example.com", True)
        assert principal.key_id is not None
        assert (principal.session_id, principal.auth_time, principal.acr) == (None, None, 1)

    def test_has_the_scopes_that_its_owner_holds_now(self, as_user, key_of, principal_of, commit):
        """Of owner, scopes and declared permissions, the key has what is in all three."""
        owner = as_user(permissions=["users.read", "audit.read", "orders.read"])
        key = key_of(owner, "users.read", "users.write", "orders.read")
        before = principal_of(key).permissions
        commit(factories.take_roles, id_of(owner))

        after = principal_of(key).permissions

        assert (before, after) == ({"users.read"}, set())

    def test_of_an_administrator_has_its_scopes(self, alice, key_of, principal_of, commit):
        """The role that holds everything gives no key more than its scopes."""
        commit(services.grant_role, id_of(alice), "admin")

        assert principal_of(key_of(alice, "users.read")).permissions == {"users.read"}

    @pytest.mark.parametrize(
        "how", ["revoked", "expired", "suspended", "erased", "changed", "unknown"]
    )
    def test_refuses_a_key_that_is_not_valid(self, alice, key_of, read_with, commit, how):
        """A key ends with its time, its revocation and its owner; all get the same answer."""
        key, owner = key_of(alice), id_of(alice)
        if how == "changed":
            key = api_keys.new_key("live")[:-1]
        elif how == "unknown":
            key = api_keys.new_key("live")
        else:
            commit(_end, how, owner)

        refused = read_with(key, "/v1/users/me")

        assert (refused.status_code, refused.json["code"]) == (401, "unauthenticated")
        assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]

    def test_takes_one_statement(self, charlie, key_of, principal_of, statements):
        """For any number of scopes and permissions."""
        key = key_of(charlie, "users.read", "users.write")

        with statements as sent:
            principal_of(key)

        assert len(sent) == 1, sent

    def test_takes_none_for_a_wrong_checksum(self, read_with, statements):
        """A text that is not a key is refused without the database."""
        with statements as sent:
            refused = read_with(api_keys.new_key("live")[::-1], "/v1/users/me")
            mistyped = read_with(api_keys.new_key("live")[:-2] + "aa", "/v1/users/me")

        assert (refused.status_code, mistyped.status_code) == (401, 401)
        assert len(sent) == 0, sent

    def test_is_not_for_people(self, alice, key_of, read_with):
        """A route about the own account refuses it."""
        refused = read_with(key_of(alice), "/v1/users/me/sessions")

        assert (refused.status_code, refused.json["code"]) == (403, "not_for_keys")


class TestLastUse:
    def test_is_written_once_in_ten_minutes(self, alice, key_of, read_with, commit, statements):
        """The first request writes it after its work, with the network; the next one does not."""
        key = key_of(alice)
        read_with(key, "/v1/users/me")
        first = commit(_last_use)

        with statements as sent:
            read_with(key, "/v1/users/me")

        assert len(sent) == 2, sent
        assert commit(_last_use) == first
        assert timedelta() <= utc_now() - first[0] < timedelta(minutes=1)
        assert first[1] == "127.0.0.0/24"

    def test_is_written_again_later(self, alice, key_of, read_with, commit):
        """After ten minutes, also by a request that is refused."""
        long_ago = utc_now() - timedelta(minutes=10)
        key = key_of(alice, last_used_at=long_ago)

        assert read_with(key, "/v1/users").status_code == 403

        assert commit(_last_use)[0] > long_ago


class TestAudit:
    def test_names_the_key(self, app, alice, key_of, commit, security_log):
        """What a program does is recorded with its key, here and in the security log."""
        headers = factories.bearer(key_of(alice))

        def act():
            with app.test_request_context(headers=headers):
                audit.record(current_principal.sub, "suspended", actor_id=current_principal.sub)
                return current_principal.key_id

        key_id = commit(act)

        recorded = commit(lambda: session.scalars(sa.select(AuditEvent.key_id)).all())
        assert key_id in recorded
        assert security_log()[-1]["key_id"] == key_id


def _end(how, user_id):
    if how in ("revoked", "expired"):
        column = "revoked_at" if how == "revoked" else "expires_at"
        session.execute(sa.update(ApiKey).values({column: utc_now()}))
    else:
        session.execute(sa.update(User).where(User.id == user_id).values(status=how))


def _last_use():
    return session.execute(sa.select(ApiKey.last_used_at, ApiKey.last_used_prefix)).one()
