"""Check, hash and verify passwords (argon2id)."""

import re
from functools import lru_cache
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from mercato_kit.identity import canonical_email
from mercato_kit.schemas import is_text
from mercato_users.errors import WeakPassword

SHORTEST = 12
LONGEST = 128

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

# Verified if there is no account, so that the response takes the same time. It is not made at the
# start of each process, which would take as long as a login; its parameters are those above.
_DUMMY_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1"
    "$Y7toBfhEUQjH0sp6Tv0CNA$Zq/1HkhTEW72IEjqccmFFhdEk03P7jYT1e6yzXSrCOA"
)

# Digits and signs at the ends: "Password123!" is checked as "password".
_DECORATION = re.compile(r"^[\d\W_]+|[\d\W_]+$")


def check(password: str, email: str) -> None:
    """Check that *password* is acceptable for the account of *email*.

    Any characters are allowed; a password must be long and not well known.

    Raises:
        WeakPassword: It has fewer than 12 or more than 128 characters or one that is not text, is
            well known, or is the e-mail address.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPassword(f"Use {SHORTEST} to {LONGEST} characters.")
    if not is_text(password):
        raise WeakPassword("The password has a character that is not text.")
    plain = password.casefold()
    core = _DECORATION.sub("", plain)
    if plain in _well_known() or core in _well_known():
        raise WeakPassword("This password is well known. Choose another one.")
    address = canonical_email(email)
    if canonical_email(password) in (address, address.partition("@")[0]):
        raise WeakPassword("The password must not be the e-mail address.")


def hash_password(password: str) -> str:
    """Return the argon2id hash of *password*, with salt and parameters."""
    return _hasher.hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Return whether *password* matches the hash.

    Takes the same time if there is no hash.
    """
    try:
        _hasher.verify(password_hash or _DUMMY_HASH, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Return whether the hash was made with other parameters than the current ones."""
    return _hasher.check_needs_rehash(password_hash)


@lru_cache(maxsize=1)
def _well_known() -> frozenset[str]:
    text = (files("mercato_users") / "well_known_passwords.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("# "))
