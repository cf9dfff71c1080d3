"""One rule for credentials on every route: docs/decisions/0017-credentials-that-are-sent-count.md.

What a route does with them is read from the API document.
"""

import time
from uuid import uuid4

import jwt
import pytest

from mercato_kit import work
from mercato_users import services
from mercato_users.key_ring import current_ring
from mercato_users.signing_keys import ALGORITHM
from mercato_users.values import NewUser

from .shopping import PASSWORD

PLATFORM = (
    *("/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/problems"),
    "/problems/not_found",
)

REQUIRED = [{"bearer": []}]
OPTIONAL = [{}, *REQUIRED]
UNREAD = []

NO_TOKENS = {
    "an empty header": "",
    "a scheme alone": "Bearer",
    "a scheme and spaces": "Bearer   ",
    "a token alone": "a.b.c",
    "another scheme": "Basic YWRhOnNlY3JldA==",
    "garbage": "Bearer a.b.c",
    "bytes": "Bearer \xff\xfe",
}


@pytest.fixture
def database_url(tmp_path):
    """One kind of database: the rule is not about SQL."""
    return f"sqlite:///{tmp_path}/mercato.db"


@pytest.fixture
def operations():
    """A function that returns the security of each operation of an app's document."""

    def read(client):
        paths = client.get("/openapi.json").json["paths"]
        return {
            (method.upper(), path): operation["security"]
            for path, item in paths.items()
            for method, operation in item.items()
            if method != "parameters"
        }

    return read


class TestUsers:
    def test_treat_every_route_alike(self, boot, write_deployment, operations):
        """Accounts of the shop: an invalid credential is 401 wherever the header is read."""
        app = boot(write_deployment("users", "products", "orders"))
        client = app.test_client()
        create_admins(app, "ada", "bob")
        valid, suspended, ended = (log_in(client, name) for name in ("ada", "bob", "ada"))
        client.post("/v1/auth/logout", headers=_bearer(ended))
        suspend(client, valid, "bob@example.com")

        invalid = NO_TOKENS | {
            "an expired token": f"Bearer {expired(app, valid)}",
            "a token of an ended session": f"Bearer {ended}",
            "a token of a suspended account": f"Bearer {suspended}",
            "two headers": f"Bearer {valid},Bearer {valid}",
            "two schemes": f"Bearer {valid},Basic YWRhOnNlY3JldA==",
        }
        security = operations(client)

        assert set(map(str, security.values())) == set(map(str, (REQUIRED, OPTIONAL, UNREAD)))
        assert_one_rule(client, security, invalid, valid)


class TestOidc:
    def test_treats_every_route_alike(self, boot, write_deployment, issuer, operations):
        """Tokens of an outside issuer: an invalid one is 401 wherever guests may call, too."""
        client = boot(write_deployment("products", "orders", more=issuer.table)).test_client()
        valid = issuer.token(str(uuid4()))
        past = int(time.time()) - 3600

        invalid = NO_TOKENS | {
            "an expired token": f"Bearer {issuer.token('x', iat=past, exp=past + 60)}",
            "a token for another shop": f"Bearer {issuer.token('x', aud='other')}",
            "two headers": f"Bearer {valid},Bearer {valid}",
        }

        assert_one_rule(client, operations(client), invalid, valid)


class TestWithoutIdentities:
    def test_refuses_every_token(self, boot, write_deployment, operations):
        """Without a feature that offers identities, no credential is valid."""
        client = boot(write_deployment("products")).test_client()

        assert_one_rule(client, operations(client), NO_TOKENS)


def assert_one_rule(client, security, invalid, valid=None):
    """Check every operation with no credentials, with each invalid one, and with a valid one."""
    guests = {it for it, needed in security.items() if needed == REQUIRED}
    read = {it for it, needed in security.items() if needed != UNREAD}

    assert refused(client, security, {}) == guests
    for name, header in invalid.items():
        headers = {"Authorization": header}
        assert (name, refused(client, security, headers)) == (name, read)
        assert {client.get(path, headers=headers).status_code for path in PLATFORM} == {200}
    if valid is not None:
        assert refused(client, security, _bearer(valid)) == set()


def refused(client, security, headers):
    """Return the operations that answer 401, with a challenge that fits what was sent."""
    found = set()
    # Logging out comes last: it ends the session of a valid token.
    for method, path in sorted(security, key=lambda it: it[1].endswith("/logout")):
        answer = client.open(fill(path), method=method, json={}, headers=headers)
        if answer.status_code == 401:
            assert answer.json["code"] == "unauthenticated"
            challenge = answer.headers["WWW-Authenticate"]
            assert ("invalid_token" in challenge) is bool(headers), (method, path)
            found.add((method, path))
    return found


def fill(path):
    """Return a path with a random value for each parameter."""
    parts = (str(uuid4()) if part.startswith("{") else part for part in path.split("/"))
    return "/".join(parts)


def create_admins(app, *names):
    """Create accounts with all permissions."""

    def create():
        for name in names:
            user = services.create_verified_user(
                NewUser(email=f"{name}@example.com", password=PASSWORD)
            )
            services.grant_role(user.id, "admin")

    with app.app_context():
        work.run(create)


def log_in(client, name):
    """Log in, and return the access token."""
    body = {"email": f"{name}@example.com", "password": PASSWORD}
    return client.post("/v1/auth/login", json=body).json["access_token"]


def suspend(client, token, email):
    """Suspend an account."""
    users = client.get("/v1/users", headers=_bearer(token)).json["data"]
    user_id = next(user["id"] for user in users if user["email"] == email)
    place = f"/v1/users/{user_id}/suspend"
    answer = client.post(place, json={"reason": "a test"}, headers=_bearer(token))
    assert answer.status_code == 204, answer.text


def expired(app, token):
    """Return *token* as it would be if it had ended an hour ago."""
    claims = jwt.decode(token, options={"verify_signature": False})
    claims["exp"] = int(time.time()) - 3600
    with app.app_context():
        key = current_ring().signing_key(None)
    header = jwt.get_unverified_header(token)
    return jwt.encode(claims, key.private, ALGORITHM, headers=header)


def _bearer(token):
    return {"Authorization": f"Bearer {token}"}
