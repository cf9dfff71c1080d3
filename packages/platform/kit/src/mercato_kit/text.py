"""Text from outside: one form, what both databases can store, and one order of names."""

import re
import unicodedata
from typing import Literal

Form = Literal["NFC", "NFKC"]

LONGEST_DECOMPOSED = 4
"""Characters that a normal form can compose to one, at most: ω with three marks is ᾧ."""

MOST_MARKS = 30
"""Combining marks in a row; the limit of Unicode's Stream-Safe Text Format (UAX #15)."""

SORT_KEY_LENGTH = 222
"""Characters of a sort key, at most."""

_HALF = re.compile("[\ud800-\udfff]")
# All control characters, the line and paragraph separators, and bidirectional overrides.
NOT_IN_A_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
# Letters with a stroke, ligatures and the i without a dot, which Unicode does not decompose.
_BASE_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe"}
)


def is_text(text: str) -> bool:
    """Return whether a database can store *text*: it has no NUL and no lone surrogate."""
    return "\x00" not in text and not _HALF.search(text)


def is_line(text: str) -> bool:
    """Return whether *text* is text of one line, without control characters."""
    return is_text(text) and not NOT_IN_A_LINE.search(text)


def normalize(text: str, form: Form = "NFC") -> str:
    """Return *text* in a normal form of Unicode, in which equal texts have equal characters.

    Args:
        text: Any text.
        form: ``NFC`` keeps what is written; ``NFKC`` also makes letters of one meaning equal, such
            as those of full width.

    Raises:
        ValueError: More than 30 combining marks follow each other. No language writes that, and
            sorting them takes quadratic time.
    """
    if unicodedata.is_normalized(form, text):
        return text
    if _has_too_many_marks(text):
        raise ValueError(f"more than {MOST_MARKS} combining marks in a row")
    return unicodedata.normalize(form, text)


def canonical_code(text: str) -> str:
    """Return a code that people type in the form in which codes are compared.

    It is in NFKC, trimmed and in upper case.

    Raises:
        ValueError: As :func:`normalize`.
    """
    return normalize(normalize(text, "NFKC").strip().upper(), "NFKC")


def fold(text: str) -> str:
    """Return *text* without case, accents and surplus white space, to compare words."""
    if text.isascii():
        return " ".join(text.lower().split())
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(letters.casefold().translate(_BASE_LETTERS).split())


def sort_key(text: str) -> str:
    """Return the key by which names are sorted: Apfel, apfel, Äpfel, Zebra.

    Letters decide first, then accents, then case. Keys are compared by code point, so a column
    that stores them has the collation ``C`` on PostgreSQL; SQLite compares so by default. Both
    then sort alike, whatever the locale of the server.

    Returns:
        Up to 222 characters. Names that differ after their first 100 only may have one key.
    """
    marks = "".join(filter(unicodedata.combining, unicodedata.normalize("NFD", text)))
    # U+0001 sorts before every character of a line.
    return "\x01".join((fold(text)[:100], marks[:20], unicodedata.normalize("NFC", text)[:100]))


def _has_too_many_marks(text: str) -> bool:
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks > MOST_MARKS:
            return True
    return False
