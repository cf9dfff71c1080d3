import pytest

from mercato_oidc.issuer import IssuerError
from mercato_oidc.key_set import RSA_BITS, read

from .factories import P256, RSA, base64url, jwk_of, key_set


def rsa_of(bits):
    """Return a JWK with a random modulus of that many bits, without a private key."""
    modulus = (1 << (bits - 1)) + 1
    return {
        "kty": "RSA",
        "kid": str(bits),
        "e": "AQAB",
        "n": base64url(modulus.to_bytes((bits + 7) // 8)),
    }


class TestRead:
    def test_names_a_key_by_id_and_algorithm(self):
        """A key is listed for each algorithm of its type, or only for its ``alg``."""
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
        """Short RSA keys are insecure, and long ones are slow."""
        assert bool(read(key_set(rsa_of(bits)))) is usable is (bits in RSA_BITS)

    def test_takes_an_empty_set(self):
        """An empty set is valid: the issuer withdrew all its keys."""
        assert read(key_set()) == {}

    def test_takes_a_limited_number(self):
        """Of a set of 1,000 keys only the first 100 are read."""
        jwk = jwk_of(P256, "")

        assert len(read(key_set(*({**jwk, "kid": str(number)} for number in range(1000))))) == 100

    @pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b'{"keys": 7}', b"[" * 100_000])
    def test_refuses_anything_else(self, body):
        """Anything but a JWK set is an error."""
        with pytest.raises(IssuerError, match="not a JWK set"):
            read(body)
