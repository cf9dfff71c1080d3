"""The words of names, and what a search of orders means."""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from mercato_kit.db import MAX_SAFE_INTEGER
from mercato_kit.text import fold
from mercato_orders.models import LONGEST_WORD
from mercato_orders.values import StoredAddress, email_key

MOST_WORDS = 8
"""Different words of an order that are kept."""

SEARCHED_WORDS = 5
"""Words of a search that are compared."""

_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"#?([0-9]+)")
_AFTER = chr(0x10FFFF)
"""Sorts after every character of a word, on both databases."""

_NOTHING = {"number_is": None}


def words_of(name: str | None, address: StoredAddress | None) -> list[str]:
    """Return the words that an order is found by: of its customer's and its recipient's name."""
    names = f"{name or ''} {(address or {}).get('name', '')}"
    return [*islice(dict.fromkeys(_words(names)), MOST_WORDS)]


def filters_of(text: str) -> Mapping[str, Any]:
    """Return the filters of :data:`mercato_orders.views.ORDERS` that a search stands for.

    A number is that of an order, with ``#`` or without; a text with ``@`` is an e-mail address, in
    any spelling. Each word of another text is the beginning of a word of the order's names.
    """
    text = text.strip()
    if number := _NUMBER.fullmatch(text):
        return {"number_is": _number(number[1])}
    if "@" in text:
        return {"email_is": email_key(text)}
    words = [*islice(_words(text), SEARCHED_WORDS)]
    found = {f"word{place}": _beginning(place, word) for place, word in enumerate(words)}
    return found or _NOTHING


def _words(text: str) -> Iterator[str]:
    return (word[0][:LONGEST_WORD] for word in _WORD.finditer(fold(text)))


def _number(digits: str) -> int | None:
    number = int(digits[:20])
    return number if number <= MAX_SAFE_INTEGER else None


def _beginning(place: int, word: str) -> Mapping[str, str]:
    return {f"word{place}": word, f"word{place}_end": word + _AFTER}
