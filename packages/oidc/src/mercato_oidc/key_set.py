"""Read a JWK set (RFC 7517): the public keys that verify access tokens."""

from collections.abc import Iterator, Mapping
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from mercato_oidc.issuer import IssuerError

PublicKey = EllipticCurvePublicKey | Ed25519PublicKey | RSAPublicKey

KeyName = tuple[str, str]
"""The ``kid`` and the ``alg`` of a token's header."""

Keys = Mapping[KeyName, PublicKey]

ALGORITHMS: Mapping[tuple[str, str | None], tuple[str, ...]] = {
    ("RSA", None): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
"""Algorithms by key type and curve. All are asymmetric, so this shop cannot create tokens."""

RSA_BITS = range(2048, 8193)
"""RFC 7518 requires 2048 or more; above 8192, verifying a signature takes too long."""

_MOST_KEYS = 100


class _KeySet(msgspec.Struct):
    keys: list[Any]


def read(body: bytes) -> Keys:
    """Return the usable keys of a JWK set; unusable keys are ignored.

    An empty set is valid: the issuer withdrew all its keys.

    Raises:
        IssuerError: *body* is not a JWK set.
    """
    try:
        found = msgspec.json.decode(body, type=_KeySet)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise IssuerError("the answer is not a JWK set") from error
    keys: dict[KeyName, PublicKey] = {}
    for jwk in found.keys[:_MOST_KEYS]:
        for name, key in _named(jwk):
            # If two keys have the same name, the first is used.
            keys.setdefault(name, key)
    return keys


def _named(jwk: Any) -> Iterator[tuple[KeyName, PublicKey]]:
    """Give a key with each algorithm that it may be used with; nothing if it is unusable."""
    try:
        algorithms = _algorithms(jwk) if _is_for_signatures(jwk) else []
        key = jwt.PyJWK(jwk, algorithms[0]).key if algorithms else None
    except Exception:  # noqa: BLE001 - the members of a key may be anything
        return
    if isinstance(key, RSAPublicKey) and key.key_size not in RSA_BITS:
        return
    if isinstance(key, PublicKey):
        yield from (((jwk["kid"], algorithm), key) for algorithm in algorithms)


def _is_for_signatures(jwk: Any) -> bool:
    return (
        isinstance(jwk["kid"], str)
        # If the private key is published, anyone can sign with it.
        and "d" not in jwk
        and jwk.get("use", "sig") == "sig"
        and "verify" in jwk.get("key_ops", ["verify"])
    )


def _algorithms(jwk: Any) -> list[str]:
    curve = None if jwk["kty"] == "RSA" else jwk["crv"]
    fitting = ALGORITHMS[jwk["kty"], curve]
    return [one for one in fitting if jwk.get("alg", one) == one]
