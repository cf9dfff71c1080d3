"""Check, hash and verify passwords (argon2id)."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError

from mercato_contracts.messages import Messages
from mercato_kit.emails import canonical_email
from mercato_kit.hosts import is_http_url
from mercato_kit.services import find
from mercato_kit.settings import current_settings
from mercato_kit.text import is_text, normalize
from mercato_users import hashes
from mercato_users.breached_passwords import is_breached
from mercato_users.dummies import DUMMY_HASH
from mercato_users.errors import WeakPassword
from mercato_users.hashing_memory import hashing_memory
from mercato_users.settings import HASH_MEBIBYTES, UsersSettings

SHORTEST = 12
LONGEST = 128

_hasher = PasswordHasher(time_cost=2, memory_cost=HASH_MEBIBYTES * 1024, parallelism=1)

# Digits and signs at the ends: "Password123!" is checked as "password".
_DECORATION = re.compile(r"^[\d\W_]+|[\d\W_]+$")
_SIGNS = re.compile(r"[\W_]+")


def check(password: str, email: str) -> None:
    """Check that *password* is acceptable for the account of *email*.

    Any characters are allowed; a password must be long and not well known. It is checked in NFKC,
    as it is hashed.

    Raises:
        WeakPassword: It has fewer than 12 or more than 128 characters or one that is not text, is
            well known or in the file of breached ones, repeats one character or nothing but blanks,
            or is the e-mail address or the name of the shop, be it decorated or repeated.
    """
    if not is_text(password):
        raise WeakPassword("The password has a character that is not text.")
    password = _normalized(password)
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPassword(f"Use {SHORTEST} to {LONGEST} characters.")
    plain = password.casefold()
    if len(set("".join(plain.split()))) < 2:
        raise WeakPassword("The password repeats one character. Choose another one.")
    if _is_well_known(plain) or _is_breached(password):
        raise WeakPassword("This password is well known. Choose another one.")
    written, canonical = email.casefold(), canonical_email(email)
    parts = {form.partition("@")[0] for form in (written, canonical)}
    if _is_one_of(plain, {written, canonical, *parts}):
        raise WeakPassword("The password must not be the e-mail address.")
    if _is_one_of(plain, set(_shop_names())):
        raise WeakPassword("The password must not be the name of the shop.")


def hash_password(password: str) -> str:
    """Return the argon2id hash of *password* in NFKC, with salt and parameters.

    So a password matches whatever keyboard it is typed on (RFC 8265).

    Raises:
        Unavailable: The memory for hashing passwords is in use.
    """
    normalized = _normalized(password)
    return hashing_memory().run(HASH_MEBIBYTES, lambda: _hasher.hash(normalized))


def verify(password_hash: str | None, password: str, *, instead: str = DUMMY_HASH) -> bool:
    """Return whether *password* matches the hash, which may be of NFKC or of what was typed.

    Args:
        password_hash: The hash; without one, no password matches.
        password: The password as it was typed.
        instead: What is verified if there is no hash, since the answer must take as long.

    Raises:
        Unavailable: The memory for hashing passwords is in use.
    """
    # All are tried, so that the time does not tell which one matches.
    matches = _match(password_hash or instead, _forms(password))
    return password_hash is not None and any(matches)


def renewed(password_hash: str, password: str) -> str | None:
    """Return the hash to keep instead of *password_hash*; None if it is as it would be made now.

    Args:
        password_hash: The hash that matches *password*.
        password: The password as it was typed.

    Raises:
        Unavailable: The memory for hashing passwords is in use.
    """
    current, *others = _forms(password)
    is_current = not others or any(_match(password_hash, [current]))
    if is_current and not _needs_rehash(password_hash):
        return None
    return hash_password(password)


def _match(password_hash: str, forms: Sequence[str]) -> list[bool]:
    """Return for each form of a password whether it matches a hash."""
    mebibytes = max(HASH_MEBIBYTES, hashes.mebibytes(password_hash))
    return hashing_memory().run(
        mebibytes, lambda: [hashes.verify(password_hash, form) for form in forms]
    )


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


def _is_breached(password: str) -> bool:
    file = current_settings(UsersSettings).breached_passwords
    return file is not None and is_breached(password, Path(file))


def _is_well_known(plain: str) -> bool:
    """Return whether a password is on the list, or is a listed word that is decorated or repeated.

    Args:
        plain: The password, case folded.
    """
    known = _well_known()
    return any(word in known for word in _words(plain))


def _is_one_of(plain: str, names: Collection[str]) -> bool:
    """Return whether a password is one of some names, however both are spaced and decorated.

    Args:
        plain: The password, case folded.
        names: The names, as they are written.
    """
    folded = (unicodedata.normalize("NFKC", name).casefold() for name in names)
    bare = {_SIGNS.sub("", name) for name in folded}
    own = bare | {_DECORATION.sub("", name) for name in bare}
    return not (own - {""}).isdisjoint(_words(_SIGNS.sub("", plain)))


def _shop_names() -> Iterator[str]:
    """Yield how the shop is called: its name in mails and tokens, and the names of its hosts."""
    issuer, messages = current_settings(UsersSettings).issuer, find(Messages)
    urls = [issuer]
    yield issuer
    if messages is not None:
        shop = messages.shop()
        urls.append(shop.url)
        yield shop.name
    for host in (urlsplit(url).hostname or "" for url in urls if is_http_url(url)):
        yield host
        # All labels but the top-level domain: www, and the name.
        yield from host.split(".")[:-1]


def _words(plain: str) -> tuple[str, ...]:
    """Return the words that a text may be, decorated or repeated."""
    unit, core = _period(plain), _DECORATION.sub("", plain)
    return plain, core, unit, _DECORATION.sub("", unit), _period(core)


def _period(text: str) -> str:
    """Return the shortest text that *text* repeats: ``ab`` of ``ababab``."""
    return text[: (text + text).find(text, 1)]


@lru_cache(maxsize=1)
def _well_known() -> frozenset[str]:
    text = (files("mercato_users") / "well_known_passwords.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))
