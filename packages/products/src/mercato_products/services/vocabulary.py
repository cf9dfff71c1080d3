"""The words of all products: which ones begin with what is searched."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from mercato_kit.db import insert, session
from mercato_kit.lists import Rows
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
    rows: Any = session.execute(sa.union_all(*map(_select, range(len(wanted)), wanted)))
    for number, word in rows:
        found[wanted[number]].append(word)
    return {term: words for term, words in found.items() if len(words) <= MOST_WORDS}


def _select(number: int, term: Term) -> sa.Select[tuple[int, str]]:
    inside = sa.select(sa.literal(number).label("number"), SearchWord.word).where(
        SearchWord.word >= term.word, SearchWord.word < term.word + _LAST
    )
    limited = inside.limit(MOST_WORDS + 1).subquery()
    return sa.select(limited.c.number, limited.c.word)
