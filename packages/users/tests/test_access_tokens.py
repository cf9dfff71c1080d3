import base64
import json
import time
from dataclasses import replace

import jwt
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask

from mercato_kit.composition import compose, current_composition
from mercato_kit.db import session
from mercato_kit.errors import Unauthenticated
from mercato_kit.settings import Secret
from mercato_users import access_tokens
from mercato_users.key_ring import EXTENSION, current_ring
from mercato_users.models import User
from mercato_users.settings import UsersSettings

from . import factories

KEY = Ed25519PrivateKey.generate()
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def claims_of(token):
    """Return the claims of a token without verifying it."""
    return jwt.decode(token, options={"verify_signature": False})


def encode(part):
    """Return a part of a JWT."""
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


@pytest.fixture
def signed(app):
    """A function that signs claims with the deployment's key."""

    def sign(claims, *, typ="at+jwt", algorithm="EdDSA"):
        with app.app_context():
            key = current_ring().signing_key(None)
        headers = {"kid": key.jwk["kid"], "typ": typ}
        return jwt.encode(claims, key.private, algorithm=algorithm, headers=headers)

    return sign


class TestIssue:
    def test_has_all_claims(self, alice):
        """The token has all claims that a resource server checks, and is short-lived."""
        claims = claims_of(alice.tokens["access_token"])

        assert set(claims) == {"iss", "aud", "exp", "iat", "sub", "sid", "jti", "epoch"}
        assert claims["exp"] - claims["iat"] == 600

    def test_can_be_verified_with_the_published_key(self, client, alice):
        """The public key set is enough to verify a token."""
        keys = client.get("/.well-known/jwks.json").json
        header = jwt.get_unverified_header(alice.tokens["access_token"])

        key = jwt.PyJWKSet.from_dict(keys)[header["kid"]]
        claims = jwt.decode(
            alice.tokens["access_token"], key, algorithms=["EdDSA"], audience="mercato"
        )

        assert claims["iss"] == "mercato"


class TestReadKeys:
    def test_has_only_the_public_key(self, client):
        """The response has the public key with its thumbprint, and can be cached."""
        answer = client.get("/.well-known/jwks.json")

        (key,) = answer.json["keys"]
        assert set(key) == {"kty", "crv", "x", "kid", "use", "alg"}
        assert (key["kty"], key["crv"], key["alg"]) == ("OKP", "Ed25519", "EdDSA")
        assert answer.headers["Cache-Control"].startswith("public")


class TestMatrix:
    """Tokens with one defect each, on an endpoint for signed-in users."""

    FORGERIES = (
        "empty",
        "garbage",
        "two dots",
        "alg none",
        "hmac with the public key",
        "tampered",
        "another key",
        "expired",
        "no exp",
        "no aud",
        "no iss",
        "no sid",
        "no epoch",
        "wrong audience",
        "list of audiences",
        "wrong issuer",
        "another type",
        "sub is no id",
        "another user's session",
        "refresh token",
    )

    @pytest.fixture
    def forged(self, app, alice, bob, signed):
        """A function that makes a defective token of each kind from a valid token of alice."""
        right = alice.tokens["access_token"]
        claims = claims_of(right)
        header, payload, signature = right.split(".")

        def without(name):
            return signed({key: value for key, value in claims.items() if key != name})

        def hmac_with_public_key():
            with app.app_context():
                public = current_ring().signing_key(None).jwk["x"]
            key = base64.urlsafe_b64decode(public + "=")
            return jwt.encode(claims, key, algorithm="HS256", headers={"typ": "at+jwt"})

        made = {
            "empty": lambda: "",
            "garbage": lambda: "garbage",
            "two dots": lambda: "..",
            "alg none": lambda: f"{encode({'alg': 'none', 'typ': 'at+jwt'})}.{payload}.",
            "hmac with the public key": hmac_with_public_key,
            "tampered": lambda: (
                f"{header}.{encode({**claims, 'sub': claims_of_bob['sub']})}.{signature}"
            ),
            "another key": lambda: jwt.encode(
                claims, KEY, algorithm="EdDSA", headers={"typ": "at+jwt"}
            ),
            "expired": lambda: signed({**claims, "exp": int(time.time()) - 1}),
            "wrong audience": lambda: signed({**claims, "aud": "another"}),
            "list of audiences": lambda: signed({**claims, "aud": ["mercato", "another"]}),
            "wrong issuer": lambda: signed({**claims, "iss": "another"}),
            "another type": lambda: signed(claims, typ="JWT"),
            "sub is no id": lambda: signed({**claims, "sub": "alice"}),
            "another user's session": lambda: signed({**claims, "sid": claims_of_bob["sid"]}),
            "refresh token": lambda: alice.tokens["refresh_token"],
        }
        claims_of_bob = claims_of(bob.tokens["access_token"])
        made |= {
            f"no {name}": lambda name=name: without(name)
            for name in ("exp", "aud", "iss", "sid", "epoch")
        }
        return lambda kind: made[kind]()

    @pytest.mark.parametrize("kind", FORGERIES)
    def test_refuses(self, client, forged, kind):
        """A defective token answers 401 with a challenge."""
        refused = client.get("/v1/users/me", headers=factories.bearer(forged(kind)))

        assert refused.status_code == 401, refused.json
        assert refused.content_type == "application/problem+json"
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")

    def test_accepts_a_valid_token(self, client, signed, alice):
        """A token signed in the same way without a defect is accepted."""
        token = signed(claims_of(alice.tokens["access_token"]))

        assert client.get("/v1/users/me", headers=factories.bearer(token)).status_code == 200

    def test_refuses_tokens_of_a_former_epoch(self, alice, commit):
        """Increasing the epoch invalidates all tokens of an account."""
        commit(lambda: session.execute(sa.update(User).values(token_epoch=1)))

        assert alice.get("/v1/users/me").status_code == 401


class TestKnownTokens:
    """Tokens whose signature was verified before."""

    def test_are_not_verified_again(self, app, alice):
        """A token is verified once; its claims stay the same."""
        token = alice.tokens["access_token"]
        with app.app_context():
            first = access_tokens.read(token)

            assert access_tokens.read(token) is first

    def test_end_with_their_session(self, alice):
        """Logging out is effective at once."""
        before = alice.get("/v1/users/me").status_code
        alice.post("/v1/auth/logout")

        assert (before, alice.get("/v1/users/me").status_code) == (200, 401)

    def test_expire(self, client, alice, signed):
        """A token that was accepted is refused when it expires."""
        claims = claims_of(alice.tokens["access_token"])
        headers = factories.bearer(signed({**claims, "exp": int(time.time()) + 2}))
        statuses = [client.get("/v1/users/me", headers=headers).status_code]
        give_up_at = time.monotonic() + 10
        while statuses[-1] == 200 and time.monotonic() < give_up_at:
            time.sleep(0.05)
            statuses.append(client.get("/v1/users/me", headers=headers).status_code)

        assert (statuses[0], statuses[-1]) == (200, 401)

    @pytest.mark.parametrize("changed", ["key", "issuer"])
    def test_are_verified_again_after_a_change(self, app, alice, changed):
        """A key that is not in use any more counts for no token, and neither do other settings."""
        token = alice.tokens["access_token"]
        with app.app_context():
            access_tokens.read(token)
            composition, ring = current_composition(), current_ring()
        changes = {"key": {"signing_key": Secret(PEM)}, "issuer": {"issuer": "another"}}[changed]
        settings = {**composition.settings, "users": UsersSettings(**changes)}
        other = Flask("other")
        other.config.from_mapping(app.config)
        compose(other, replace(composition, settings=settings))
        other.extensions[EXTENSION] = ring

        with other.app_context(), pytest.raises(Unauthenticated):
            access_tokens.read(token)


class TestSigningKey:
    @pytest.fixture
    def settings(self, settings):
        """Configure a signing key."""
        return {**settings, "signing_key": PEM, "issuer": "https://shop.example"}

    def test_uses_the_configured_key(self, client, alice):
        """Tokens are signed and verified with the key in the settings."""
        claims = jwt.decode(
            alice.tokens["access_token"],
            KEY.public_key(),
            algorithms=["EdDSA"],
            audience="mercato",
            issuer="https://shop.example",
        )

        assert claims["sub"] == alice.get("/v1/users/me").json["id"]
