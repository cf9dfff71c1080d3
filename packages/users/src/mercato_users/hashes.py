"""Password hashes of other systems: they are verified, and hashed anew at the next login.

These forms are known: PHC strings of argon2, scrypt and PBKDF2 (also passlib's), bcrypt, and what
Django and Werkzeug store.
"""

import base64
import hashlib
import hmac
import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import bcrypt
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

LONGEST = 255
"""Characters of a hash that an account can have."""

MOST_MEBIBYTES = 128
MOST_ARGON2_PASSES = 16
MOST_BCRYPT_ROUNDS = 14
MOST_PBKDF2_ROUNDS = 5_000_000

_BCRYPT_BYTES = 72
"""bcrypt reads no more of a password."""

_SHORTEST_DIGEST = 16
"""Bytes; shorter digests are equal by chance."""

_hasher = PasswordHasher()


@dataclass(frozen=True, slots=True)
class Hashed:
    """A hash that can be verified.

    Args:
        scheme: Everything that its time depends on, such as ``bcrypt 12``.
        excess: What of it is too costly; None for nothing.
        matches: Returns whether a password is the one that was hashed.
        mebibytes: The memory that it takes, if it is much.
    """

    scheme: str
    excess: str | None
    matches: Callable[[bytes], bool]
    mebibytes: float = 0


def verify(password_hash: str, password: str) -> bool:
    """Return whether *password* is the one of a hash; False if an account cannot have the hash."""
    hashed = _read(password_hash)
    if hashed is None or hashed.excess is not None:
        return False
    return hashed.matches(password.encode())


def scheme(password_hash: str) -> str | None:
    """Return everything that the time to verify a hash depends on; None if its form is unknown."""
    hashed = _read(password_hash)
    return None if hashed is None else hashed.scheme


def mebibytes(password_hash: str) -> int:
    """Return the memory that it takes to verify a hash, rounded up; 0 for little."""
    hashed = _read(password_hash)
    return 0 if hashed is None else math.ceil(hashed.mebibytes)


def refusal(password_hash: str) -> str | None:
    """Return why an account cannot have a hash; None if it can."""
    hashed = _read(password_hash)
    if len(password_hash) > LONGEST:
        return f"The hash is longer than {LONGEST} characters."
    if hashed is None:
        return "The form of the hash is unknown."
    return hashed.excess


def _read(text: str) -> Hashed | None:
    for pattern, read in _FORMS:
        if found := pattern.fullmatch(text):
            try:
                return read(**found.groupdict())
            except ValueError:
                return None
    return None


def _argon2(phc: str, kind: str, memory: str, passes: str, lanes: str) -> Hashed:
    def matches(password: bytes) -> bool:
        try:
            return _hasher.verify(phc, password)
        except VerificationError:
            return False

    excess = _excess("MiB", int(memory) / 1024, MOST_MEBIBYTES) or _excess(
        "passes", int(passes), MOST_ARGON2_PASSES
    )
    return Hashed(f"argon2{kind} {memory} {passes} {lanes}", excess, matches, int(memory) / 1024)


def _bcrypt(before: str | None, phc: str, rounds: str) -> Hashed:
    def matches(password: bytes) -> bool:
        if before == "bcrypt_sha256":
            password = hashlib.sha256(password).hexdigest().encode()
        return bcrypt.checkpw(password[:_BCRYPT_BYTES], phc.encode())

    excess = _excess("rounds as a power of 2", int(rounds), MOST_BCRYPT_ROUNDS)
    return Hashed(f"bcrypt {rounds}", excess, matches)


def _pbkdf2(name: str, rounds: str, salt: bytes, digest: bytes) -> Hashed:
    count = int(rounds)

    def matches(password: bytes) -> bool:
        made = hashlib.pbkdf2_hmac(name, password, salt, count, len(digest))
        return hmac.compare_digest(made, digest)

    _require(count >= 1 and len(digest) >= _SHORTEST_DIGEST)
    excess = _excess("rounds", count, MOST_PBKDF2_ROUNDS)
    return Hashed(f"pbkdf2-{name} {rounds} {len(digest)}", excess, matches)


def _scrypt(n: int, r: str, p: str, salt: bytes, digest: bytes) -> Hashed:
    blocks, lanes = int(r), int(p)
    size = 132 * n * blocks * lanes

    def matches(password: bytes) -> bool:
        made = hashlib.scrypt(
            password, salt=salt, n=n, r=blocks, p=lanes, maxmem=size, dklen=len(digest)
        )
        return hmac.compare_digest(made, digest)

    is_power = n > 1 and n & (n - 1) == 0
    _require(is_power and blocks >= 1 and lanes >= 1 and len(digest) >= _SHORTEST_DIGEST)
    memory = 128 * n * blocks * lanes / 2**20
    excess = _excess("MiB", memory, MOST_MEBIBYTES)
    return Hashed(f"scrypt {n} {r} {p}", excess, matches, memory)


def _pbkdf2_phc(name: str | None, rounds: str, salt: str, digest: str) -> Hashed:
    return _pbkdf2(name or "sha1", rounds, _base64(salt), _base64(digest))


def _pbkdf2_django(name: str, rounds: str, salt: str, digest: str) -> Hashed:
    return _pbkdf2(name, rounds, salt.encode(), _base64(digest))


def _pbkdf2_werkzeug(name: str, rounds: str, salt: str, digest: str) -> Hashed:
    return _pbkdf2(name, rounds, salt.encode(), bytes.fromhex(digest))


def _scrypt_phc(log: str, r: str, p: str, salt: str, digest: str) -> Hashed:
    return _scrypt(2 ** int(log), r, p, _base64(salt), _base64(digest))


def _scrypt_django(n: str, r: str, p: str, salt: str, digest: str) -> Hashed:
    return _scrypt(int(n), r, p, salt.encode(), _base64(digest))


def _scrypt_werkzeug(n: str, r: str, p: str, salt: str, digest: str) -> Hashed:
    return _scrypt(int(n), r, p, salt.encode(), bytes.fromhex(digest))


def _base64(text: str) -> bytes:
    """Decode base64 with or without padding; passlib writes ``.`` for ``+``."""
    plain = text.replace(".", "+").rstrip("=")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)


def _require(right: bool) -> None:  # noqa: FBT001 - a condition
    if not right:
        raise ValueError("not a hash")


def _excess(what: str, cost: float, most: int) -> str | None:
    return None if cost <= most else f"The hash takes {cost:,.0f} {what}; {most:,} are allowed."


_NAME = r"(?P<name>sha1|sha256|sha512)"
_NUMBER = r"[0-9]{1,10}"
_SALT = r"(?P<salt>[^$\s]+)"
_BASE64 = r"(?P<digest>[A-Za-z0-9+/.]+=*)"
_HEX = r"(?P<digest>[0-9a-f]+)"

_FORMS: tuple[tuple[re.Pattern[str], Callable[..., Hashed]], ...] = (
    (
        # Django writes "argon2" before it.
        re.compile(
            rf"(?:argon2)?(?P<phc>\$argon2(?P<kind>id|i|d)\$v=1[69]\$m=(?P<memory>{_NUMBER})"
            rf",t=(?P<passes>{_NUMBER}),p=(?P<lanes>{_NUMBER})"
            r"\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{22,})"
        ),
        _argon2,
    ),
    (
        # Django writes its name for it before.
        re.compile(
            r"(?:(?P<before>bcrypt|bcrypt_sha256)\$)?"
            r"(?P<phc>\$2[aby]\$(?P<rounds>[0-3][0-9])\$[./A-Za-z0-9]{53})"
        ),
        _bcrypt,
    ),
    (
        re.compile(
            rf"\$pbkdf2(?:-{_NAME})?\$(?:i=)?(?P<rounds>{_NUMBER})(?:,l=[0-9]+)?"
            rf"\${_SALT}\${_BASE64}"
        ),
        _pbkdf2_phc,
    ),
    (re.compile(rf"pbkdf2_{_NAME}\$(?P<rounds>{_NUMBER})\${_SALT}\${_BASE64}"), _pbkdf2_django),
    (re.compile(rf"pbkdf2:{_NAME}:(?P<rounds>{_NUMBER})\${_SALT}\${_HEX}"), _pbkdf2_werkzeug),
    (
        re.compile(
            rf"\$scrypt\$ln=(?P<log>[0-9]{{1,2}}),r=(?P<r>{_NUMBER}),p=(?P<p>{_NUMBER})"
            rf"\${_SALT}\${_BASE64}"
        ),
        _scrypt_phc,
    ),
    (
        re.compile(
            rf"scrypt\$(?P<n>{_NUMBER})\${_SALT}\$(?P<r>{_NUMBER})\$(?P<p>{_NUMBER})\${_BASE64}"
        ),
        _scrypt_django,
    ),
    (
        re.compile(rf"scrypt:(?P<n>{_NUMBER}):(?P<r>{_NUMBER}):(?P<p>{_NUMBER})\${_SALT}\${_HEX}"),
        _scrypt_werkzeug,
    ),
)
