"""The key that signs access tokens, with its public JWK."""

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

ALGORITHM = "EdDSA"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and its public JWK."""

    private: Ed25519PrivateKey
    jwk: dict[str, str]


@lru_cache(maxsize=16)
def from_seed(seed: bytes) -> SigningKey:
    """Return the key that *seed*, 32 bytes, determines."""
    return _with_jwk(Ed25519PrivateKey.from_private_bytes(seed))


@lru_cache(maxsize=16)
def from_pem(pem: str) -> SigningKey:
    """Read a key.

    Raises:
        ValueError: It is not an Ed25519 private key in PEM, or has a passphrase.
    """
    try:
        private = load_pem_private_key(pem.encode(), password=None)
    except (TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(str(error)) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise ValueError("it is not an Ed25519 private key")  # noqa: TRY004 - of any value
    return _with_jwk(private)


def _with_jwk(private: Ed25519PrivateKey) -> SigningKey:
    """Return *private* with its JWK; ``kid`` is the thumbprint (RFC 7638)."""
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    members = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(raw)}
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True).encode()
    thumbprint = _base64url(hashlib.sha256(canonical).digest())
    return SigningKey(private, {**members, "kid": thumbprint, "use": "sig", "alg": ALGORITHM})


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
