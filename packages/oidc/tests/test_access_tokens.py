"""Kinds of tokens, and whether they are accepted: 200 or 401."""

import hmac
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mercato_kit.settings import current_settings
from mercato_oidc import access_tokens
from mercato_oidc.provides import current_keys
from mercato_oidc.settings import OidcSettings

from . import factories
from .factories import (
    ED25519,
    K256,
    OTHER_RSA,
    P256,
    P384,
    P521,
    RSA,
    SMALL_RSA,
    base64url,
    jwk_of,
    unsigned,
)

SYMMETRIC = {"kty": "oct", "k": base64url(b"k" * 32), "kid": "oct", "alg": "HS256"}
PRIVATE = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(OTHER_RSA)) | {"kid": "private"}

KEYS = [
    jwk_of(RSA, "rsa"),
    jwk_of(RSA, "rs256", alg="RS256"),
    jwk_of(RSA, "ps256", alg="PS256"),
    jwk_of(RSA, "plain", use=None),
    jwk_of(RSA, "verify", use=None, key_ops=["verify"]),
    jwk_of(RSA, "enc", use="enc"),
    jwk_of(RSA, "wrap", use=None, key_ops=["wrapKey"]),
    jwk_of(RSA, "hs256", alg="HS256"),
    jwk_of(RSA, "none", alg="none"),
    jwk_of(SMALL_RSA, "small"),
    jwk_of(P256, "p256"),
    jwk_of(P384, "p384"),
    jwk_of(P521, "p521"),
    jwk_of(K256, "k256"),
    jwk_of(ED25519, "ed25519"),
    jwk_of(ED25519, "ed25519-alg", alg="EdDSA"),
    # The first key of a name is used.
    jwk_of(OTHER_RSA, "rsa"),
    SYMMETRIC,
    PRIVATE,
    jwk_of(RSA, 7),
    {"kty": "RSA", "kid": "broken", "n": 7},
    {"kty": ["RSA"], "kid": "odd"},
    "no key",
]

ACCEPTED = {
    "RS256": lambda issuer: issuer.token(),
    "RS512": lambda issuer: issuer.token(algorithm="RS512"),
    "PS256": lambda issuer: issuer.token(algorithm="PS256"),
    "RS256 by a key for it": lambda issuer: issuer.token(kid="rs256"),
    "PS256 by a key for it": lambda issuer: issuer.token(kid="ps256", algorithm="PS256"),
    "a key without use": lambda issuer: issuer.token(kid="plain"),
    "a key to verify with": lambda issuer: issuer.token(kid="verify"),
    "ES256": lambda issuer: issuer.token(key=P256, kid="p256", algorithm="ES256"),
    "ES384": lambda issuer: issuer.token(key=P384, kid="p384", algorithm="ES384"),
    "ES512": lambda issuer: issuer.token(key=P521, kid="p521", algorithm="ES512"),
    "EdDSA": lambda issuer: issuer.token(key=ED25519, kid="ed25519", algorithm="EdDSA"),
    "EdDSA by a key for it": lambda issuer: issuer.token(
        key=ED25519, kid="ed25519-alg", algorithm="EdDSA"
    ),
    "no typ": lambda issuer: issuer.token(headers={"typ": None}),
    "typ jwt": lambda issuer: issuer.token(headers={"typ": "jwt"}),
    "typ at+jwt": lambda issuer: issuer.token(headers={"typ": "at+jwt"}),
    "typ application/at+jwt": lambda issuer: issuer.token(headers={"typ": "application/at+JWT"}),
    "claim typ Bearer": lambda issuer: issuer.token(typ="Bearer"),
    "claim token_use access": lambda issuer: issuer.token(token_use="access"),
    "several audiences": lambda issuer: issuer.token(aud=["another", factories.AUDIENCE]),
    "expired within the leeway": lambda issuer: issuer.token(exp=int(time.time()) - 3),
    "a longest subject": lambda issuer: issuer.token(sub="a" * 255),
    "a subject that is not ASCII": lambda issuer: issuer.token(sub="Zoë Müller"),
    "an address of keys in the header": lambda issuer: issuer.token(
        headers={"jku": "https://evil.example/keys"}
    ),
}

REFUSED = {
    "garbage": lambda issuer: "garbage",
    "three parts": lambda issuer: "a.b.c",
    "five parts": lambda issuer: f"{issuer.token()}.a.b",
    "a header that is a list": lambda issuer: f"{base64url(b'[]')}.{base64url(b'{}')}.",
    "a header nested too deep": lambda issuer: f"{base64url(b'[' * 9000)}.{base64url(b'{}')}.",
    "a header that is not UTF-8": lambda issuer: f"{base64url(bytes([255, 254]))}.e30.",
    "a very long one": lambda issuer: issuer.token(more="a" * 20_000),
    "claims nested too deep": lambda issuer: with_body(issuer, b"[" * 5000),
    "claims that are a list": lambda issuer: with_body(issuer, b"[]"),
    "claims that are not UTF-8": lambda issuer: with_body(issuer, b'{"sub": "\xff"}'),
    "unsigned": lambda issuer: unsigned({"alg": "none", "kid": "rsa"}, issuer.claims()),
    "unsigned by a key for it": lambda issuer: unsigned(
        {"alg": "none", "kid": "none"}, issuer.claims()
    ),
    "signature taken off": lambda issuer: issuer.token().rpartition(".")[0] + ".",
    "signed with the public key": lambda issuer: with_public_key_as_secret(issuer, "rsa"),
    "signed with the public key of HS256": lambda issuer: with_public_key_as_secret(
        issuer, "hs256"
    ),
    "signed with a published secret": lambda issuer: issuer.token(
        key=b"k" * 32, kid="oct", algorithm="HS256"
    ),
    "by a published private key": lambda issuer: issuer.token(key=OTHER_RSA, kid="private"),
    "by another key": lambda issuer: issuer.token(key=OTHER_RSA),
    "by a key in the header": lambda issuer: issuer.token(
        key=OTHER_RSA, headers={"jwk": jwk_of(OTHER_RSA, "rsa")}
    ),
    "of an unknown key": lambda issuer: issuer.token(kid="unknown"),
    "without key id": lambda issuer: jwt.encode(issuer.claims(), RSA, "RS256"),
    "a key id that is a number": lambda issuer: with_header(issuer, kid=7),
    "no algorithm": lambda issuer: with_header(issuer, alg=None),
    "an algorithm that is a list": lambda issuer: with_header(issuer, alg=["RS256"]),
    "PS256 by a key for RS256": lambda issuer: issuer.token(kid="rs256", algorithm="PS256"),
    "RS256 by a key for PS256": lambda issuer: issuer.token(kid="ps256"),
    "RS256 by a key for HS256": lambda issuer: issuer.token(kid="hs256"),
    "RS256 by an elliptic key": lambda issuer: issuer.token(kid="p256"),
    "ES256K": lambda issuer: issuer.token(key=K256, kid="k256", algorithm="ES256K"),
    "by a key to encrypt with": lambda issuer: issuer.token(kid="enc"),
    "by a key to wrap with": lambda issuer: issuer.token(kid="wrap"),
    "expired": lambda issuer: issuer.token(exp=int(time.time()) - 60),
    "expires never": lambda issuer: with_body(
        issuer, json.dumps(issuer.claims(exp=0)).replace('"exp": 0', '"exp": 1e999').encode()
    ),
    "not valid yet": lambda issuer: issuer.token(nbf=int(time.time()) + 60),
    "made in the future": lambda issuer: issuer.token(iat=int(time.time()) + 60),
    "of another issuer": lambda issuer: issuer.token(iss="https://evil.example"),
    "of the issuer with a slash": lambda issuer: issuer.token(iss=f"{issuer.address}/"),
    "for another audience": lambda issuer: issuer.token(aud="another"),
    "for an audience in capitals": lambda issuer: issuer.token(aud=factories.AUDIENCE.upper()),
    "for no audience": lambda issuer: issuer.token(aud=[]),
    **{
        f"without {name}": lambda issuer, name=name: issuer.token(**{name: None})
        for name in ("iss", "aud", "sub", "exp")
    },
    "an empty subject": lambda issuer: issuer.token(sub=""),
    "a subject that is a number": lambda issuer: issuer.token(sub=7),
    "a subject too long": lambda issuer: issuer.token(sub="a" * 256),
    "a subject with NUL": lambda issuer: issuer.token(sub="a\0b"),
    "a subject with half a surrogate pair": lambda issuer: issuer.token(sub="\ud800"),
    "typ of a logout token": lambda issuer: issuer.token(headers={"typ": "logout+jwt"}),
    "typ of a security event": lambda issuer: issuer.token(headers={"typ": "secevent+jwt"}),
    "typ of a DPoP proof": lambda issuer: issuer.token(headers={"typ": "dpop+jwt"}),
    "typ ID": lambda issuer: issuer.token(headers={"typ": "ID"}),
    "typ that is a number": lambda issuer: issuer.token(headers={"typ": 7}),
    "an ID token by nonce": lambda issuer: issuer.token(nonce="n"),
    "an ID token by at_hash": lambda issuer: issuer.token(at_hash="h"),
    "an ID token by c_hash": lambda issuer: issuer.token(c_hash="h"),
    "an ID token by claim typ": lambda issuer: issuer.token(typ="ID"),
    "an ID token by claim token_use": lambda issuer: issuer.token(token_use="id"),
    "a refresh token by claim typ": lambda issuer: issuer.token(typ="Refresh"),
    "a logout token by events": lambda issuer: issuer.token(events={"a": {}}),
    "bound to a key by DPoP": lambda issuer: issuer.token(cnf={"jkt": "t"}),
    "bound to a certificate": lambda issuer: issuer.token(cnf={"x5t#S256": "t"}),
    "an extension that is critical": lambda issuer: issuer.token(
        headers={"crit": ["exp"], "exp": 1}
    ),
    "an extension that PyJWT knows": lambda issuer: issuer.token(
        headers={"crit": ["b64"], "b64": True}
    ),
    "a list of no extensions": lambda issuer: issuer.token(headers={"crit": []}),
}


def tampered(issuer):
    """Return a token whose claims were changed after it was signed."""
    head, _, signature = issuer.token().split(".")
    claims = base64url(json.dumps(issuer.claims(sub="mallory")).encode())
    return f"{head}.{claims}.{signature}"


def with_body(issuer, body):
    """Return a token with *body* as its signed content."""
    return jwt.PyJWS().encode(body, RSA, "RS256", headers={"kid": "rsa"})


def with_header(issuer, **members):
    """Return a token with another header and a valid signature."""
    header = {"alg": "RS256", "kid": "rsa", **members}
    parts = [
        base64url(
            json.dumps({key: value for key, value in part.items() if value is not None}).encode()
        )
        for part in (header, issuer.claims())
    ]
    signed = ".".join(parts)
    signature = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).sign(
        signed.encode(), RSA
    )
    return f"{signed}.{base64url(signature)}"


def with_public_key_as_secret(issuer, kid):
    """Return a token signed with the public key as an HMAC secret."""
    pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = unsigned({"alg": "HS256", "kid": kid}, issuer.claims()).rstrip(".")
    return f"{signed}.{base64url(hmac.digest(pem, signed.encode(), 'sha256'))}"


def with_small_key(issuer):
    """Return a token signed by an RSA key that is too short, without PyJWT's warning."""
    signed = unsigned({"alg": "RS256", "kid": "small"}, issuer.claims()).rstrip(".")
    algorithm = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
    return f"{signed}.{base64url(algorithm.sign(signed.encode(), SMALL_RSA))}"


REFUSED |= {"tampered": tampered, "by an RSA key of 1024 bits": with_small_key}


@pytest.fixture
def issuer(issuer):
    """An issuer with one key of each kind."""
    issuer.answer_with(factories.key_set(*KEYS))
    return issuer


class TestRead:
    @pytest.mark.parametrize("kind", ACCEPTED)
    def test_accepts(self, call, issuer, kind):
        """Access tokens of the issuer for this shop are accepted."""
        answer = call(ACCEPTED[kind](issuer))

        assert (answer.status_code, answer.json["kind"]) == (200, "user")

    @pytest.mark.parametrize("kind", REFUSED)
    def test_refuses(self, call, issuer, kind):
        """Other tokens get 401 with a challenge, also on routes that anyone may call."""
        token = REFUSED[kind](issuer)

        answers = [call(token, path) for path in ("/me", "/staff")]

        for answer in answers:
            assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated")
            assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]

    @pytest.mark.parametrize("kind", REFUSED)
    def test_never_asks_the_issuer_twice_for_a_refused_token(self, call, issuer, kind):
        """During the pause no token causes another fetch."""
        for _ in range(3):
            call(REFUSED[kind](issuer))

        assert issuer.asked == 1


class TestKnownTokens:
    """Tokens that were verified before."""

    def test_are_not_verified_again(self, app_of, issuer):
        """A token is verified once, as long as its key is in use."""
        app, token = app_of(issuer, timeout_seconds=10), issuer.token()
        client = app.test_client()
        factories.until(lambda: factories.call(client, token).status_code == 200)
        with app.app_context():
            settings, keys = current_settings(OidcSettings), current_keys()
            first = access_tokens.read(token, settings, keys)

            assert access_tokens.read(token, settings, keys) is first

    def test_end_with_their_key(self, app_of, issuer):
        """A token is refused as soon as a fetch has shown that the issuer withdrew its key."""
        client = app_of(
            issuer, timeout_seconds=10, keys_kept_seconds=0.1, fetch_pause_seconds=0.1
        ).test_client()
        token = issuer.token()
        factories.until(lambda: factories.call(client, token).status_code == 200)
        issuer.answer_with(factories.key_set())

        factories.until(lambda: factories.call(client, token).status_code == 401)

        assert factories.call(client, token).json["code"] == "unauthenticated"

    def test_are_of_one_audience(self, app_of, issuer):
        """What an app has verified counts in no app with other settings."""
        token = issuer.token()
        first, second = (
            app_of(issuer, timeout_seconds=10, audience=audience).test_client()
            for audience in (factories.AUDIENCE, "another")
        )
        factories.until(lambda: factories.call(first, token).status_code == 200)

        factories.until(lambda: factories.call(second, token).status_code != 503)

        assert factories.call(second, token).status_code == 401
