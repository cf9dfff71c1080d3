"""Words of texts and of search queries, folded alike for both databases."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mercato_kit.text import fold

_WORD = re.compile(r"[^\W_]+")
_LONGEST = 64
"""Characters of a word that are indexed; the rest is ignored."""

_AFTER_SIBILANT = ("ches", "shes", "sses", "xes", "zes")


class Symbols(NamedTuple):
    """How a database writes the parts of a full-text query."""

    word: str
    prefix: str
    both: str
    either: str


TSQUERY = Symbols(word="'{}'", prefix="'{}':*", both=" & ", either=" | ")
FTS5 = Symbols(word='"{}"', prefix='"{}"*', both=" AND ", either=" OR ")


def words_of(text: str) -> list[str]:
    """Return the folded words of *text*, in order, each once.

    Compounds are also one word, and plurals have their singulars: ``T-Shirts`` has the words ``t``,
    ``shirts``, ``shirt``, ``tshirts`` and ``tshirt``.
    """
    found: dict[str, None] = {}
    for chunk in _chunks(text):
        for word in (*chunk, *_joined(chunk)):
            found |= dict.fromkeys([word, *singulars(word)])
    return list(found)


def spaced(words: Iterable[str]) -> str:
    """Return *words* with a space around each, so that SQL can look for one."""
    return f" {' '.join(words)} "


def singulars(word: str) -> list[str]:
    """Return what *word* may be the plural of, in English: ``dishes`` gives ``dishe`` and ``dish``.

    Empty if it does not look like a plural. What is no word is harmless.
    """
    if len(word) <= 3 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return []
    if word.endswith("ies"):
        return [word[:-1], f"{word[:-3]}y"]
    return [word[:-1], word[:-2]] if word.endswith(_AFTER_SIBILANT) else [word[:-1]]


class Query:
    """The words of a search: a product is found if it has all of them, each as a prefix.

    A single ASCII letter or digit is a whole word.

    Attributes:
        words: The folded words, in order, each once.
    """

    def __init__(self, text: str) -> None:
        self._chunks = list(_chunks(text))
        self.words = list(dict.fromkeys(word for chunk in self._chunks for word in chunk))

    def write(self, symbols: Symbols, *, markers: Sequence[str]) -> str:
        """Return the query in the language of a database.

        Args:
            symbols: The language.
            markers: What may precede a word in the index.
        """
        terms = (self._term(chunk, symbols, markers) for chunk in self._chunks)
        return symbols.both.join(f"({term})" for term in terms)

    def _term(self, chunk: Sequence[str], symbols: Symbols, markers: Sequence[str]) -> str:
        parts = (symbols.either.join(_forms(word, symbols, markers)) for word in chunk)
        all_parts = symbols.both.join(f"({part})" for part in parts)
        whole = [_forms(word, symbols, markers) for word in _joined(chunk)]
        return symbols.either.join([f"({all_parts})", *(form for forms in whole for form in forms)])


def _forms(word: str, symbols: Symbols, markers: Sequence[str]) -> list[str]:
    # One letter begins too many words to look them all up.
    pattern = symbols.word if len(word) == 1 and word.isascii() else symbols.prefix
    forms = [pattern.format(marker + word) for marker in markers]
    forms += [symbols.word.format(marker + one) for marker in markers for one in singulars(word)]
    return forms


def _chunks(text: str) -> Iterator[list[str]]:
    """Return the words of each part of *text* between white space."""
    for part in fold(text).split():
        if words := [word[:_LONGEST] for word in _WORD.findall(part)]:
            yield words


def _joined(chunk: Sequence[str]) -> list[str]:
    """Return the words of a compound as one word."""
    return ["".join(chunk)[:_LONGEST]] if len(chunk) > 1 else []
