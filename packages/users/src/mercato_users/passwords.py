"""Check, hash and verify passwords (argon2id)."""

import re
import unicodedata
from functools import lru_cache
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError

from mercato_kit.emails import canonical_email
from mercato_kit.text import is_text, normalize
from mercato_users import hashes
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

    Any characters are allowed; a password must be long and not well known. It is checked in NFKC,
    as it is hashed.

    Raises:
        WeakPassword: It has fewer than 12 or more than 128 characters or one that is not text, is
            well known, repeats one character or nothing but blanks, or is the e-mail address.
    """
    if not is_text(password):
        raise WeakPassword("The password has a character that is not text.")
    password = _normalized(password)
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPassword(f"Use {SHORTEST} to {LONGEST} characters.")
    plain = password.casefold()
    if len(set("".join(plain.split()))) < 2:
        raise WeakPassword("The password repeats one character. Choose another one.")
    if _is_well_known(plain):
        raise WeakPassword("This password is well known. Choose another one.")
    written, canonical = email.casefold(), canonical_email(email)
    parts = {form.partition("@")[0] for form in (written, canonical)}
    if plain.strip() in {written, canonical, *parts}:
        raise WeakPassword("The password must not be the e-mail address.")


def hash_password(password: str) -> str:
    """Return the argon2id hash of *password* in NFKC, with salt and parameters.

    So a password matches whatever keyboard it is typed on (RFC 8265).
    """
    return _hasher.hash(_normalized(password))


def verify(password_hash: str | None, password: str) -> bool:
    """Return whether *password* matches the hash, which may be of NFKC or of what was typed.

    Takes the same time if there is no hash.
    """
    # All are tried, so that the time does not tell which one matches.
    matches = [_matches(password_hash, form) for form in _forms(password)]
    return any(matches)


def renewed(password_hash: str, password: str) -> str | None:
    """Return the hash to keep instead of *password_hash*; None if it is as it would be made now.

    Args:
        password_hash: The hash that matches *password*.
        password: The password as it was typed.
    """
    current, *others = _forms(password)
    is_current = not others or _matches(password_hash, current)
    if is_current and not _needs_rehash(password_hash):
        return None
    return hash_password(password)


def _needs_rehash(password_hash: str) -> bool:
    try:
        return _hasher.check_needs_rehash(password_hash)
    except InvalidHashError:
        # It was imported from another system.
        return True


def _normalized(password: str) -> str:
    try:
        return normalize(password, "NFKC")
    except ValueError as error:
        raise WeakPassword("The password has too many combining marks.") from error


def _forms(password: str) -> list[str]:
    """Return the forms that a hash of *password* may have: first NFKC, then as it was typed."""
    return list(dict.fromkeys((unicodedata.normalize("NFKC", password), password)))


def _matches(password_hash: str | None, form: str) -> bool:
    matches = hashes.verify(password_hash or _DUMMY_HASH, form)
    return matches and password_hash is not None


def _is_well_known(plain: str) -> bool:
    """Return whether a password is on the list, or is a listed word that is decorated or repeated.

    Args:
        plain: The password, case folded.
    """
    known, unit = _well_known(), _period(plain)
    core = _DECORATION.sub("", plain)
    words = (plain, core, unit, _DECORATION.sub("", unit), _period(core))
    return any(word in known for word in words)


def _period(text: str) -> str:
    """Return the shortest text that *text* repeats: ``ab`` of ``ababab``."""
    return text[: (text + text).find(text, 1)]


@lru_cache(maxsize=1)
def _well_known() -> frozenset[str]:
    text = (files("mercato_users") / "well_known_passwords.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))
