"""Tokens of an outside issuer, which these tests run themselves."""

import base64
import hmac
import json
import time
from uuid import UUID
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization import PublicFormat

from mercato_composition.deployment.reader import read_deployment
from mercato_host import create_app
from mercato_kit.feature import Feature
from mercato_kit.http import Blueprint
from mercato_kit.identity import current_principal
from mercato_kit.policies import anyone
from mercato_kit.policies import permission
from mercato_runtime.identity import subject_id

from .together.issuer import running_issuer

blueprint = Blueprint("gate", __name__)


@blueprint.get("/me", allow=anyone)
@blueprint.response(200)
def me():
    """Say who is calling"""
    return {
        "sub": current_principal.sub,
        "kind": current_principal.kind,
        "email": current_principal.email,
        "email_verified": current_principal.email_verified,
        "permissions": sorted(current_principal.permissions),
    }


@blueprint.get("/staff", allow=permission("gate.open"))
@blueprint.response(200)
def staff():
    """Open the gate"""
    return {}


feature = Feature(
    name="gate",
    summary="For a test.",
    blueprints=[blueprint],
    permissions={"gate.open": "Open the gate."},
)


@pytest.fixture(scope="module")
def issuer():
    """An issuer with its keys on a port of this machine."""
    with running_issuer() as issuer:
        yield issuer


@pytest.fixture
def client(tmp_path, issuer):
    """A client of an app that believes the issuer."""
    return client_of(tmp_path, issuer.address, f"{issuer.address}/keys")


def client_of(tmp_path, address, keys):
    """Return a client of an app that believes an issuer."""
    values = {
        "environment": "testing",
        "database": {"url": f"sqlite:///{tmp_path}/shop.db"},
        "identity": {
            "issuer": address,
            "audience": "mercato",
            "jwks_uri": keys,
            "timeout_seconds": 0.5,
        },
    }
    return create_app(read_deployment(values), features=[feature]).test_client()


def call(client, token, path="/me"):
    """Call with a bearer token."""
    return client.get(path, headers={"Authorization": f"Bearer {token}"})


class TestTokens:
    def test_say_who_is_calling(self, client, issuer):
        """Subject, address and permissions are the issuer's word."""
        sub = uuid4()
        claims = {"email": "alice@example.com", "email_verified": True}

        answer = call(client, issuer.token(str(sub), permissions=["gate.open"], **claims))

        assert answer.json == {
            "sub": str(sub),
            "kind": "user",
            "email": "alice@example.com",
            "email_verified": True,
            "permissions": ["gate.open"],
        }

    @pytest.mark.parametrize(
        "granted", [["gate.open", "rockets.fire", 7], "gate.open rockets.fire"]
    )
    def test_grant_what_features_declare_and_nothing_else(self, client, issuer, granted):
        """A list or words; a permission that nobody here declares is none."""
        token = issuer.token("somebody", permissions=granted)

        assert call(client, token).json["permissions"] == ["gate.open"]
        assert call(client, token, "/staff").status_code == 200

    @pytest.mark.parametrize("granted", [None, 7, {"gate.open": True}, ["gate"]])
    def test_grant_nothing_by_accident(self, client, issuer, granted):
        """Whatever else stands in the claim opens nothing."""
        token = issuer.token("somebody", permissions=granted)

        assert call(client, token, "/staff").status_code == 403

    def test_a_verified_address_is_true_and_nothing_like_it(self, client, issuer):
        """The text "true" verifies nobody."""
        answer = call(client, issuer.token("somebody", email_verified="true"))

        assert answer.json["email_verified"] is False


def _base64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _encode(algorithm, claims):
    parts = [{"alg": algorithm, "kid": "1"}, claims]
    return b".".join(_base64(json.dumps(part).encode()) for part in parts)


def _unsigned(claims):
    return _encode("none", claims).decode() + "."


def _signed_with(public_key, claims):
    """Sign with what everybody knows, as if it were a shared secret."""
    pem = public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = _encode("HS256", claims)
    return (signed + b"." + _base64(hmac.digest(pem, signed, "sha256"))).decode()


def _forgeries(issuer):
    """Return tokens that nobody may believe, by what is wrong with them."""
    now = int(time.time())
    good = {"iss": issuer.address, "aud": "mercato", "sub": "a", "iat": now, "exp": now + 60}
    without = {name: {key: good[key] for key in good if key != name} for name in good}
    token = issuer.token("a")
    head, body, signature = token.split(".")
    return {
        "garbage": "garbage",
        "three parts": "a.b.c",
        "unsigned": _unsigned(good),
        "tampered": f"{head}.{body[:-2]}AA.{signature}",
        "signed with the public key": _signed_with(issuer.key.public_key(), good),
        "of an unknown key": jwt.encode(good, issuer.key, "RS256", headers={"kid": "2"}),
        "without key id": jwt.encode(good, issuer.key, "RS256"),
        "expired": issuer.token("a", exp=now - 60),
        "not valid yet": issuer.token("a", nbf=now + 60),
        "for others": issuer.token("a", aud="another"),
        "of nobody": issuer.token(""),
        "of others": issuer.token("a", iss="https://evil.example"),
        **{
            f"without {name}": jwt.encode(claims, issuer.key, "RS256", headers={"kid": "1"})
            for name, claims in without.items()
            if name != "iat"
        },
    }


KINDS = [
    *("garbage", "three parts", "unsigned", "tampered", "signed with the public key"),
    *("of an unknown key", "without key id", "expired", "not valid yet", "for others"),
    *("of nobody", "of others", "without iss", "without aud", "without sub", "without exp"),
]


class TestForgeries:
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("path", ["/me", "/staff"])
    def test_are_refused_everywhere(self, client, issuer, kind, path):
        """401 with a challenge, also where anyone may call."""
        forgeries = _forgeries(issuer)

        answer = call(client, forgeries[kind], path)

        assert set(forgeries) == set(KINDS)
        assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated")
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]

    def test_an_issuer_that_is_away_is_no_forgery(self, tmp_path, issuer):
        """503: the same token may be fine in a moment."""
        client = client_of(tmp_path, issuer.address, "http://127.0.0.1:1/keys")

        assert call(client, issuer.token("somebody")).status_code == 503


class TestSubjectId:
    def test_keeps_a_uuid(self):
        """An issuer that names people by UUID names them so here."""
        sub = uuid4()

        assert subject_id("https://id.example", str(sub)) == sub

    def test_tells_apart_what_merely_reads_as_one_uuid(self):
        """Other spellings of a UUID are other subjects, and other people."""
        sub = uuid4()
        spellings = [str(sub), f"{{{sub}}}", sub.urn, sub.hex, str(sub).upper()]

        ids = {subject_id("https://id.example", spelling) for spelling in spellings}

        assert len(ids) == len(set(spellings))

    def test_is_the_same_for_the_same_person_of_the_same_issuer(self):
        """Any other subject gets a stable id; issuers do not share people."""
        one = subject_id("https://id.example", "auth0|7")

        assert one == subject_id("https://id.example", "auth0|7")
        assert one != subject_id("https://other.example", "auth0|7")
        assert isinstance(one, UUID)
