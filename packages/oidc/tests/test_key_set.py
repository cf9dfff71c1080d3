import pytest

from mercato_oidc.issuer import IssuerError
from mercato_oidc.key_set import RSA_BITS
from mercato_oidc.key_set import read

from .factories import P256
from .factories import RSA
from .factories import base64url
from .factories import jwk_of
from .factories import key_set


def rsa_of(bits):
    """Return a JWK with a modulus of that many bits; no private key belongs to it."""
    modulus = (1 << (bits - 1)) + 1
    return {
        "kty": "RSA",
        "kid": str(bits),
        "e": "AQAB",
        "n": base64url(modulus.to_bytes((bits + 7) // 8)),
    }


class TestRead:
    def test_names_a_key_by_id_and_algorithm(self):
        """A key serves each algorithm of its kind, or the one that it says."""
        keys = read(key_set(jwk_of(RSA, "a"), jwk_of(RSA, "b", alg="PS512"), jwk_of(P256, "c")))

        assert {kid: algorithm for kid, algorithm in keys if kid != "a"} == {
            "b": "PS512",
            "c": "ES256",
        }
        assert sorted(algorithm for kid, algorithm in keys if kid == "a") == [
            *("PS256", "PS384", "PS512", "RS256", "RS384", "RS512"),
        ]

    @pytest.mark.parametrize(
        ("bits", "usable"),
        [(1024, False), (2047, False), (2048, True), (8192, True), (8193, False)],
    )
    def test_takes_rsa_keys_of_some_sizes(self, bits, usable):
        """Short ones can be broken, and long ones keep the shop busy."""
        assert bool(read(key_set(rsa_of(bits)))) is usable is (bits in RSA_BITS)

    def test_takes_an_empty_set(self):
        """The issuer withdrew all its keys."""
        assert read(key_set()) == {}

    def test_takes_a_limited_number(self):
        """A set of 1,000 keys is not worth the work."""
        jwk = jwk_of(P256, "")

        assert len(read(key_set(*({**jwk, "kid": str(number)} for number in range(1000))))) == 100

    @pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b'{"keys": 7}', b"[" * 100_000])
    def test_refuses_anything_else(self, body):
        """It is no JWK set."""
        with pytest.raises(IssuerError, match="not a JWK set"):
            read(body)
