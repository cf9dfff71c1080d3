"""Passwords: which ones will do, and how they are kept (argon2id)."""

import re
from functools import lru_cache
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError
from argon2.exceptions import VerificationError

from mercato_kit.identity import canonical_email
from mercato_kit.schemas import is_text
from mercato_users.errors import WeakPassword

SHORTEST = 12
LONGEST = 128

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

# Hash of nobody's password: what is verified where there is no account, so that it takes as long.
_NOBODY = _hasher.hash("nobody has this password")

_DECORATION = re.compile(r"^[\d\W_]+|[\d\W_]+$")


def check(password: str, email: str) -> None:
    """Let *password* pass, or say why it will not do for the account of *email*.

    Any characters will do; what counts is that it is long and on no list of known ones.

    Raises:
        WeakPassword: It has fewer than 12 characters or more than 128, or one that is no text; is
            well known, or is the address itself.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPassword(f"Use {SHORTEST} to {LONGEST} characters.")
    if not is_text(password):
        raise WeakPassword("It has a character that is not text.")
    plain = password.casefold()
    core = _DECORATION.sub("", plain)
    if plain in _well_known() or core in _well_known():
        raise WeakPassword("This password is on the lists that are tried first.")
    address = canonical_email(email)
    if canonical_email(password) in (address, address.partition("@")[0]):
        raise WeakPassword("The password is the e-mail address.")


def hash_password(password: str) -> str:
    """Return the argon2id hash of *password*, with its salt and parameters."""
    return _hasher.hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Tell whether *password* is the one that was hashed; takes as long where there is no hash."""
    try:
        _hasher.verify(password_hash or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Tell whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


@lru_cache(maxsize=1)
def _well_known() -> frozenset[str]:
    text = (files("mercato_users") / "well_known_passwords.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("# "))
