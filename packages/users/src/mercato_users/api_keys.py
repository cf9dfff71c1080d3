"""The text of API keys: a prefix that scanners of leaked secrets know, random, a checksum."""

import re
import secrets
import string
import zlib
from typing import Literal

Mode = Literal["live", "test"]

SHOWN = len("mercato_live_") + 4
"""Characters of a key that are kept, so that its owner recognises it."""

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM, _CHECKSUM = 32, 6
_KEY = re.compile(r"mercato_(?:live|test)_[0-9A-Za-z]{38}", re.ASCII)


def mode_of(environment: str) -> Mode:
    """Return the mode of the keys that are made in an environment."""
    return "live" if environment == "production" else "test"


def new_key(mode: Mode) -> str:
    """Return a new random key of 190 bits: ``mercato_live_…``."""
    drawn = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    return _with_checksum(f"mercato_{mode}_{drawn}")


def is_named(token: str) -> bool:
    """Return whether a bearer token is meant to be an API key."""
    return token.startswith("mercato_")


def is_whole(token: str) -> bool:
    """Return whether a token has the form of an API key and its checksum."""
    return bool(_KEY.fullmatch(token)) and token == _with_checksum(token[:-_CHECKSUM])


def _with_checksum(text: str) -> str:
    """Append the CRC-32 of a text in base 62."""
    number, digits = zlib.crc32(text.encode()), ""
    for _ in range(_CHECKSUM):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return text + digits
