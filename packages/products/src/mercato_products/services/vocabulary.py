"""The words of all products: which ones begin with what is searched."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache

import sqlalchemy as sa

from mercato_kit.db import insert, session
from mercato_kit.lists import Rows
from mercato_kit.reads import Read
from mercato_products.models import SearchWord
from mercato_products.words import Term

MOST_WORDS = 50
"""Words that a beginning stands for, at most; one of more words is not looked up."""

_WORDS = Rows("words", {"word": SearchWord.word.type})
_LAST = "\U0010ffff"
"""Sorts after all characters of words."""


def add_words(words: Collection[str]) -> None:
    """Add those words that are new."""
    dialect = session.get_bind().dialect
    given = _WORDS.table(dialect)
    is_known = sa.exists().where(SearchWord.word == given.c.word)
    # In order, so that transactions that add the same words do not wait for each other in a ring.
    new = sa.select(given.c.word).where(~is_known).order_by(given.c.word)
    rows = _WORDS.dump(({"word": word} for word in words), dialect)
    chosen = new.params({_WORDS.name: rows})
    session.execute(
        insert(SearchWord.__table__).from_select(["word"], chosen).on_conflict_do_nothing()
    )


def words_for(terms: Iterable[Term]) -> Mapping[Term, Sequence[str]]:
    """Return the words that begin with each beginning, but for those of more than 50 words."""
    wanted = [term for term in dict.fromkeys(terms) if term.begins]
    if not wanted:
        return {}
    found: dict[Term, list[str]] = {term: [] for term in wanted}
    bounds = {f"from_{number}": term.word for number, term in enumerate(wanted)}
    bounds |= {f"to_{number}": term.word + _LAST for number, term in enumerate(wanted)}
    for number, word in _beginning_with(len(wanted)).rows(**bounds):
        found[wanted[number]].append(word)
    return {term: words for term, words in found.items() if len(words) <= MOST_WORDS}


@lru_cache(maxsize=16)
def _beginning_with(count: int) -> Read:
    """Return the statement that looks up *count* beginnings."""
    return Read(sa.union_all(*map(_select, range(count))))


def _select(number: int) -> sa.Select[tuple[int, str]]:
    inside = sa.select(sa.literal(number).label("number"), SearchWord.word).where(
        SearchWord.word >= sa.bindparam(f"from_{number}"),
        SearchWord.word < sa.bindparam(f"to_{number}"),
    )
    # Without an order, PostgreSQL collects all words between the two before it takes the first 51.
    limited = inside.order_by(SearchWord.word).limit(MOST_WORDS + 1).subquery()
    return sa.select(limited.c.number, limited.c.word)
