"""Words of texts and of search queries, folded alike for both databases."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from mercato_kit.text import fold

_WORD = re.compile(r"[^\W_]+")
_LONGEST = 64
"""Characters of a word that are indexed; the rest is ignored."""

_AFTER_SIBILANT = ("ches", "shes", "sses", "xes", "zes")


class Term(NamedTuple):
    """A word that the index may have.

    Args:
        word: The word.
        begins: Whether longer words that begin with it match as well.
    """

    word: str
    begins: bool


class All(list["Node"]):
    """Parts of a query that must all match."""


class Either(list["Node"]):
    """Parts of a query of which one must match."""


Node = Term | All | Either


class Symbols(NamedTuple):
    """How a database writes the parts of a full-text query."""

    word: str
    prefix: str
    both: str
    either: str

    def write(self, node: Node) -> str:
        """Return *node* in the language of the database."""
        if isinstance(node, Term):
            return (self.prefix if node.begins else self.word).format(node.word)
        joint = self.both if isinstance(node, All) else self.either
        return f"({joint.join(map(self.write, node))})"


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

    def tree(self, markers: Sequence[str]) -> All:
        """Return what a product must have.

        Args:
            markers: What may precede a word in the index.
        """
        return All(_part(chunk, markers) for chunk in self._chunks)


def terms_of(node: Node) -> Iterator[Term]:
    """Yield all terms of *node*."""
    if isinstance(node, Term):
        yield node
    else:
        for part in node:
            yield from terms_of(part)


def spelt_out(node: Node, meant: Mapping[Term, Sequence[str]]) -> Node | None:
    """Return *node* with whole words in place of their beginnings.

    Args:
        node: The query.
        meant: The words that each beginning stands for. One that is missing matches anything.

    Returns:
        A query that matches what *node* does, and more if beginnings are missing; None if it
        matches anything.
    """
    if isinstance(node, Term):
        return _words_for(node, meant) if node.begins else node
    parts = [spelt_out(part, meant) for part in node]
    some = [part for part in parts if part is not None]
    if isinstance(node, Either):
        return Either(some) if len(some) == len(parts) else None
    return All(some) if some else None


def _words_for(term: Term, meant: Mapping[Term, Sequence[str]]) -> Node | None:
    if term not in meant:
        return None
    return Either(Term(word, begins=False) for word in meant[term] or [term.word])


def _part(chunk: Sequence[str], markers: Sequence[str]) -> Either:
    """Return a compound: all of its words, or these as one word."""
    whole = (_forms(word, markers) for word in _joined(chunk))
    return Either([All(_forms(word, markers) for word in chunk), *whole])


def _forms(word: str, markers: Sequence[str]) -> Either:
    # One letter begins too many words to look them all up.
    begins = len(word) > 1 or not word.isascii()
    forms = [Term(marker + word, begins) for marker in markers]
    forms += [Term(marker + one, begins=False) for marker in markers for one in singulars(word)]
    return Either(forms)


def _chunks(text: str) -> Iterator[list[str]]:
    """Return the words of each part of *text* between white space."""
    for part in fold(text).split():
        if words := [word[:_LONGEST] for word in _WORD.findall(part)]:
            yield words


def _joined(chunk: Sequence[str]) -> list[str]:
    """Return the words of a compound as one word."""
    return ["".join(chunk)[:_LONGEST]] if len(chunk) > 1 else []
