"""Keys that sign access tokens, with their public JWKs."""

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import OKPAlgorithm

ALGORITHM = "EdDSA"

_PEM = re.compile(r"-----BEGIN [^-]+-----.*?-----END [^-]+-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and its public JWK."""

    private: Ed25519PrivateKey
    jwk: dict[str, Any]

    @property
    def kid(self) -> str:
        """The name of the key: the thumbprint of its JWK (RFC 7638)."""
        return str(self.jwk["kid"])


def generate() -> SigningKey:
    """Return a new random key."""
    return _with_jwk(Ed25519PrivateKey.generate())


@lru_cache(maxsize=16)
def from_seed(seed: bytes) -> SigningKey:
    """Return the key that *seed*, 32 bytes, determines."""
    return _with_jwk(Ed25519PrivateKey.from_private_bytes(seed))


@lru_cache(maxsize=16)
def from_pems(text: str) -> tuple[SigningKey, ...]:
    """Read keys, one after another.

    Raises:
        ValueError: One is not an Ed25519 private key in PEM, or has a passphrase; or there is none.
    """
    found = tuple(_from_pem(one) for one in _PEM.findall(text))
    if not found or _PEM.sub("", text).strip():
        raise ValueError("there is something else than private keys in PEM")
    return found


def _from_pem(pem: str) -> SigningKey:
    try:
        private = load_pem_private_key(pem.encode(), password=None)
    except (TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(str(error)) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise ValueError("it is not an Ed25519 private key")  # noqa: TRY004 - of any value
    return _with_jwk(private)


def _with_jwk(private: Ed25519PrivateKey) -> SigningKey:
    """Return *private* with its JWK; ``kid`` is the thumbprint (RFC 7638)."""
    members = OKPAlgorithm.to_jwk(private.public_key(), as_dict=True)
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True).encode()
    digest = hashlib.sha256(canonical).digest()
    thumbprint = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return SigningKey(private, {**members, "kid": thumbprint, "use": "sig", "alg": ALGORITHM})
