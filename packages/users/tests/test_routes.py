"""Who may call each route: every route of the app, by every kind of caller."""

from datetime import timedelta

import jwt
import pytest
import sqlalchemy as sa

from mercato_kit.db import new_id, session, utc_now
from mercato_users.key_ring import current_ring
from mercato_users.models import Session, User

from . import factories

OPEN = "open: Authorization is not read"
ANYONE = "anyone: what is sent must be valid"
SIGNED_IN = "every account, and API keys"
PERSON = "every account"
READ, WRITE, ERASE = "users.read", "users.write", "users.erase"
ROLES, AUDIT = "roles.write", "audit.read"
HELD = [READ, WRITE, ERASE, ROLES, AUDIT]
FRESH = "fresh "

ROUTES = {
    "GET /.well-known/jwks.json": ANYONE,
    "POST /v1/auth/login": OPEN,
    "POST /v1/auth/login-link": OPEN,
    "POST /v1/auth/logout": PERSON,
    "POST /v1/auth/mfa": OPEN,
    "POST /v1/auth/password/forgot": OPEN,
    "POST /v1/auth/password/reset": OPEN,
    "POST /v1/auth/refresh": OPEN,
    "POST /v1/auth/step-up": PERSON,
    "POST /v1/auth/step-up/challenge": PERSON,
    "GET /v1/api-keys": PERSON,
    "POST /v1/api-keys": FRESH + PERSON,
    "GET /v1/api-keys/<uuid:key_id>": PERSON,
    "PATCH /v1/api-keys/<uuid:key_id>": FRESH + PERSON,
    "DELETE /v1/api-keys/<uuid:key_id>": FRESH + PERSON,
    "POST /v1/api-keys/<uuid:key_id>/roll": FRESH + PERSON,
    "GET /v1/audit-events": AUDIT,
    "GET /v1/invitations": READ,
    "POST /v1/invitations": FRESH + WRITE,
    "GET /v1/invitations/<uuid:invitation_id>": READ,
    "DELETE /v1/invitations/<uuid:invitation_id>": FRESH + WRITE,
    "POST /v1/invitations/<uuid:invitation_id>/resend": FRESH + WRITE,
    "POST /v1/invitations/accept": ANYONE,
    "GET /v1/permissions": ROLES,
    "GET /v1/roles": ROLES,
    "POST /v1/roles": FRESH + ROLES,
    "GET /v1/roles/<uuid:role_id>": ROLES,
    "PATCH /v1/roles/<uuid:role_id>": FRESH + ROLES,
    "DELETE /v1/roles/<uuid:role_id>": FRESH + ROLES,
    "GET /v1/users": READ,
    "POST /v1/users": OPEN,
    "GET /v1/users/<uuid:user_id>": READ,
    "PATCH /v1/users/<uuid:user_id>": FRESH + WRITE,
    "GET /v1/users/<uuid:user_id>/audit-events": READ,
    "POST /v1/users/<uuid:user_id>/erase": FRESH + ERASE,
    "POST /v1/users/<uuid:user_id>/export": FRESH + ERASE,
    "POST /v1/users/<uuid:user_id>/reactivate": FRESH + WRITE,
    "POST /v1/users/<uuid:user_id>/revoke-sessions": FRESH + WRITE,
    "POST /v1/users/<uuid:user_id>/second-factor/reset": FRESH + WRITE,
    "POST /v1/users/<uuid:user_id>/suspend": FRESH + WRITE,
    "GET /v1/users/me": SIGNED_IN,
    "PATCH /v1/users/me": PERSON,
    "DELETE /v1/users/me": PERSON,
    "GET /v1/users/me/addresses": PERSON,
    "POST /v1/users/me/addresses": PERSON,
    "GET /v1/users/me/addresses/<uuid:address_id>": PERSON,
    "PATCH /v1/users/me/addresses/<uuid:address_id>": PERSON,
    "DELETE /v1/users/me/addresses/<uuid:address_id>": PERSON,
    "GET /v1/users/me/audit-events": PERSON,
    "PUT /v1/users/me/email": PERSON,
    "POST /v1/users/me/email/confirm": OPEN,
    "POST /v1/users/me/email/undo": OPEN,
    "POST /v1/users/me/erasure/cancel": OPEN,
    "POST /v1/users/me/export": FRESH + PERSON,
    "GET /v1/users/me/exports/<uuid:export_id>": PERSON,
    "GET /v1/users/me/exports/<uuid:export_id>/file": PERSON,
    "PUT /v1/users/me/password": PERSON,
    "GET /v1/users/me/sessions": PERSON,
    "DELETE /v1/users/me/sessions": PERSON,
    "DELETE /v1/users/me/sessions/<uuid:session_id>": PERSON,
    "POST /v1/users/verify-email": OPEN,
    "POST /v1/users/verify-email/resend": OPEN,
}
"""Who may call each route. One that is missing here fails the test."""

LAST = "POST /v1/auth/logout"
"""It ends the session of the caller."""

WITHOUT_BODY = {
    LAST,
    "POST /v1/auth/step-up/challenge",
    "POST /v1/invitations/<uuid:invitation_id>/resend",
    "POST /v1/users/<uuid:user_id>/export",
    "POST /v1/users/me/export",
}
"""They read no body."""

GUEST, REFUSED, STEP_UP, IN = "unauthenticated", "forbidden", "step_up_required", "allowed"
NOT_FOR_KEYS = "not_for_keys"


def routes_of(app):
    """Return every route of the feature: its method and its rule."""
    ours = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("users")]
    return {
        f"{method} {rule.rule}" for rule in ours for method in rule.methods - {"HEAD", "OPTIONS"}
    }


def outcome(client, route):
    """Call a route with an empty body for what does not exist, and return how it went."""
    method, rule = route.split()
    path = "/".join(f"{new_id()}" if "<" in part else part for part in rule.split("/"))
    answer = client.open(path, method=method, json={}, headers={"If-Match": '"1"'})
    code = (answer.json or {}).get("code") if answer.status_code >= 400 else None
    return code if code in (GUEST, REFUSED, STEP_UP, NOT_FOR_KEYS) else IN


def outcomes(client):
    """Return how each route went, the one that ends the session as the last."""
    order = sorted(ROUTES, key=lambda route: route == LAST)
    return {route: outcome(client, route) for route in order}


def expected(holds, *, fresh=IN):
    """Return how each route goes for a person who holds permissions.

    Args:
        holds: The permissions.
        fresh: How routes go that need a fresh session.
    """
    found = {}
    for route, access in ROUTES.items():
        permission = access.removeprefix(FRESH)
        may = permission in (OPEN, ANYONE, SIGNED_IN, PERSON, *holds)
        allowed = fresh if access.startswith(FRESH) else IN
        found[route] = allowed if may else REFUSED
    return found


class TestAccess:
    def test_is_declared_for_every_route(self, app):
        """The table has every route of the app, and no other."""
        assert routes_of(app) == ROUTES.keys()

    def test_of_nobody(self, client):
        """A guest may call what gives credentials, and read the public keys."""
        may = (OPEN, ANYONE)

        assert outcomes(client) == {
            route: IN if access in may else GUEST for route, access in ROUTES.items()
        }

    def test_of_a_customer(self, alice):
        """A person may call what is about its own account."""
        assert outcomes(alice) == expected([])

    @pytest.mark.parametrize("held", HELD)
    def test_of_staff(self, as_user, held):
        """A permission opens its routes, and no other."""
        assert outcomes(as_user(permissions=[held])) == expected([held])

    def test_of_staff_who_signed_in_long_ago(self, charlie, commit):
        """Changes by staff need a fresh session; reading and the own account do not."""
        commit(factories.age_logins, timedelta(minutes=15, seconds=1))

        found = outcomes(charlie)

        assert found == expected(HELD, fresh=STEP_UP)

    def test_of_staff_without_their_second_factor(self, charlie, commit):
        """A session of acr 1 is not fresh where the account has a second factor."""
        commit(lambda: session.execute(sa.update(User).values(has_factor=True)))

        found = outcomes(charlie)

        assert found == expected(HELD, fresh=STEP_UP)

    @pytest.mark.parametrize("scopes", [[], [READ], HELD])
    def test_of_an_api_key(self, client, charlie, commit, scopes):
        """A key may call what its scopes and its owner allow, but nothing that is for people."""
        text, _ = commit(factories.make_api_key, factories.id_of(charlie), scopes)
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {text}"

        found = outcomes(client)

        refused = {
            route: NOT_FOR_KEYS
            for route, access in ROUTES.items()
            if access.removeprefix(FRESH) in (PERSON, *(scopes if FRESH in access else ()))
        }
        assert found == expected(scopes) | refused

    @pytest.mark.parametrize("how", ["suspended", "expired", "idle", "revoked"])
    def test_of_a_session_that_has_ended(self, charlie, commit, how):
        """Its tokens are as good as none, and are refused also where guests may call."""
        commit(_end, how)

        assert outcomes(charlie) == {
            route: IN if access == OPEN else GUEST for route, access in ROUTES.items()
        }

    @pytest.mark.parametrize("change", ["signature", "audience"])
    def test_of_credentials_that_are_not_valid(self, app, charlie, change):
        """Tokens with another signature or of another audience are as good as none."""
        token = charlie.tokens["access_token"]
        with app.app_context():
            other = f"{token}x" if change == "signature" else _of_another_audience(token)
        charlie.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {other}"

        assert outcomes(charlie) == {
            route: IN if access == OPEN else GUEST for route, access in ROUTES.items()
        }


class TestMassAssignment:
    @pytest.mark.parametrize("route", sorted(route for route in ROUTES if route[0] == "P"))
    def test_is_refused(self, app, charlie, route):
        """No route that reads a body takes a field that it does not declare."""
        method, rule = route.split()
        path = "/".join(f"{new_id()}" if "<" in part else part for part in rule.split("/"))
        reads = route not in WITHOUT_BODY

        answer = charlie.open(
            path,
            method=method,
            json={"is_system": True},
            headers={"If-Match": '"1"', "Idempotency-Key": "0123456789abcdef"},
        )

        pointers = [error["pointer"] for error in (answer.json or {}).get("errors", [])]
        assert ("/is_system" in pointers) is reads, answer.json


def _end(how):
    over = utc_now() - timedelta(seconds=1)
    if how == "suspended":
        session.execute(sa.update(User).values(status="suspended"))
    else:
        column = {"expired": "expires_at", "idle": "idle_expires_at", "revoked": "revoked_at"}[how]
        session.execute(sa.update(Session).values({column: over}))


def _of_another_audience(token):
    """Return a token with another audience, signed by the same key."""
    claims = jwt.decode(token, options={"verify_signature": False})
    key = current_ring().signing_key(None)
    headers = {"kid": key.kid, "typ": "at+jwt"}
    return jwt.encode({**claims, "aud": "another"}, key.private, algorithm="EdDSA", headers=headers)
