import copy

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from workspace.bumps.levels import Level
from workspace.bumps.tables import compare_tables

BEFORE = {
    "books_book": {
        "columns": {
            "id": {"type": "UUID", "nullable": False, "default": None},
            "title": {"type": "VARCHAR(100)", "nullable": False, "default": None},
            "pages": {"type": "INTEGER", "nullable": True, "default": None},
            "state": {"type": "VARCHAR(20)", "nullable": False, "default": "new"},
            "price": {"type": "NUMERIC(10, 2)", "nullable": True, "default": None},
        },
        "primary_key": ["id"],
        "unique": {"uq_books_book_title": {"columns": ["title"]}},
        "checks": {"ck_books_state": "state IN ('new', 'old')"},
        "foreign_keys": {},
        "indexes": {
            "ix_books_book_pages": {"columns": ["pages"], "unique": False, "where": None},
        },
    }
}
BOOK = "books_book"
KEY = {"columns": ["pages"], "to": "books_shelf.id", "on_delete": None}


def column(kind, *, nullable=True, default=None):
    """Describe a column."""
    return {"type": kind, "nullable": nullable, "default": default}


def index(*columns, unique=False, where=None):
    """Describe an index."""
    return {"columns": list(columns), "unique": unique, "where": where}


# The part of the table, what is put there by name (None: taken away), what is said, and of the way
# back.
CHANGES = {
    "a column less": (
        "columns",
        {"pages": None},
        ["major column pages is gone"],
        ["minor column pages is new"],
    ),
    "a column that no old row has": (
        "columns",
        {"shelf": column("UUID", nullable=False)},
        ["major column shelf is new, not null, and has no server default"],
        ["major column shelf is gone"],
    ),
    "a column with a default": (
        "columns",
        {"shelf": column("INTEGER", nullable=False, default="1")},
        ["minor column shelf is new"],
        ["major column shelf is gone"],
    ),
    "longer texts": (
        "columns",
        {"title": column("VARCHAR(200)", nullable=False)},
        ["minor column title was VARCHAR(100), is VARCHAR(200)"],
        ["major column title was VARCHAR(200), is VARCHAR(100)"],
    ),
    "texts of any length": (
        "columns",
        {"title": column("TEXT", nullable=False)},
        ["minor column title was VARCHAR(100), is TEXT"],
        ["major column title was TEXT, is VARCHAR(100)"],
    ),
    "larger numbers": (
        "columns",
        {"pages": column("BIGINT")},
        ["minor column pages was INTEGER, is BIGINT"],
        ["major column pages was BIGINT, is INTEGER"],
    ),
    "more digits": (
        "columns",
        {"price": column("NUMERIC(12, 2)")},
        ["minor column price was NUMERIC(10, 2), is NUMERIC(12, 2)"],
        ["major column price was NUMERIC(12, 2), is NUMERIC(10, 2)"],
    ),
    "digits behind the point leave fewer before it": (
        "columns",
        {"price": column("NUMERIC(12, 6)")},
        ["major column price was NUMERIC(10, 2), is NUMERIC(12, 6)"],
        ["major column price was NUMERIC(12, 6), is NUMERIC(10, 2)"],
    ),
    "not null": (
        "columns",
        {"pages": column("INTEGER", nullable=False)},
        ["major column pages cannot be null any more"],
        ["minor column pages can be null now"],
    ),
    "another default": (
        "columns",
        {"state": column("VARCHAR(20)", nullable=False, default="old")},
        ["patch column state has the server default old now; it was new"],
        ["patch column state has the server default new now; it was old"],
    ),
    "no default": (
        "columns",
        {"state": column("VARCHAR(20)", nullable=False)},
        ["major column state has no server default any more"],
        ["patch column state has the server default new now; it was None"],
    ),
    "a unique key": (
        "unique",
        {"uq_books_book_pages": {"columns": ["pages"]}},
        ["major unique key uq_books_book_pages is new: (pages)"],
        ["minor unique key uq_books_book_pages is gone"],
    ),
    "a unique key over more": (
        "unique",
        {"uq_books_book_title": {"columns": ["title", "pages"]}},
        ["major unique key uq_books_book_title says something else now: (title, pages)"],
        ["major unique key uq_books_book_title says something else now: (title)"],
    ),
    "another name": (
        "unique",
        {"uq_books_book_title": None, "one_title": {"columns": ["title"]}},
        ["patch unique key uq_books_book_title is called one_title now"],
        ["patch unique key one_title is called uq_books_book_title now"],
    ),
    "a check": (
        "checks",
        {"ck_books_book_pages": "pages > 0"},
        ["major check ck_books_book_pages is new: pages > 0"],
        ["minor check ck_books_book_pages is gone"],
    ),
    "a word more": (
        "checks",
        {"ck_books_state": "state IN ('new', 'old', 'lost')"},
        ["minor check ck_books_state says something else now: state IN ('new', 'old', 'lost')"],
        ["major check ck_books_state says something else now: state IN ('new', 'old')"],
    ),
    "a foreign key": (
        "foreign_keys",
        {"fk_books_book_pages": KEY},
        ["major foreign key fk_books_book_pages is new: (pages) to books_shelf.id"],
        ["minor foreign key fk_books_book_pages is gone"],
    ),
    "an index": (
        "indexes",
        {"ix_books_book_title": index("title", where="pages > 0")},
        ["minor index ix_books_book_title is new: (title) where pages > 0"],
        ["minor index ix_books_book_title is gone"],
    ),
    "an index that becomes unique": (
        "indexes",
        {"ix_books_book_pages": index("pages", unique=True)},
        [
            "major unique index ix_books_book_pages is new: (pages)",
            "minor index ix_books_book_pages is gone",
        ],
        [
            "minor unique index ix_books_book_pages is gone",
            "minor index ix_books_book_pages is new: (pages)",
        ],
    ),
}


def put(part, changes):
    """Return the tables with something else in a part of one."""
    after = copy.deepcopy(BEFORE)
    for name, value in changes.items():
        if value is None:
            del after[BOOK][part][name]
        else:
            after[BOOK][part][name] = value
    return after


def told(before, after):
    """Return what is said, but for where: level and words."""
    reasons = list(compare_tables(before, after))
    assert all(reason.where == "table" for reason in reasons)
    return [f"{reason.level} {reason.what}" for reason in reasons]


class TestCompareTables:
    @pytest.mark.parametrize("name", CHANGES)
    def test_says_what_a_change_needs(self, name):
        """Each change of a table has its level; taken back, it has that of the opposite."""
        part, changes, there, back = CHANGES[name]
        after = put(part, changes)

        forth, reverse = told(BEFORE, after), told(after, BEFORE)

        assert [line.replace(f" {BOOK}: ", " ", 1) for line in forth] == there
        assert [line.replace(f" {BOOK}: ", " ", 1) for line in reverse] == back

    def test_a_table_comes_and_goes(self):
        """A table more breaks nobody; a table less breaks whoever reads it."""
        assert told({}, BEFORE) == ["minor books_book is new"]
        assert told(BEFORE, {}) == ["major books_book is gone"]

    def test_another_primary_key_is_breaking(self):
        """What names a row may be kept by anybody."""
        after = copy.deepcopy(BEFORE)
        after[BOOK]["primary_key"] = ["id", "title"]

        assert told(BEFORE, after) == ["major books_book: the primary key is (id, title) now"]

    def test_tables_are_as_themselves(self):
        """Comparing tables with themselves gives nothing."""
        assert told(BEFORE, copy.deepcopy(BEFORE)) == []


class TestEveryTable:
    @settings(deadline=None)
    @given(st.sets(st.sampled_from("abcd")), st.sets(st.sampled_from("abcd")))
    def test_what_was_added_is_gone_on_the_way_back(self, some, others):
        """A column that one side alone has is breaking in one direction, and not in the other."""
        before, after = (
            put("columns", {name: column("TEXT") for name in names}) for names in (some, others)
        )

        there, back = list(compare_tables(before, after)), list(compare_tables(after, before))

        assert len(there) == len(back) == len(some ^ others)
        assert sum(one.level is Level.MAJOR for one in there) == len(some - others)
        assert sum(one.level is Level.MAJOR for one in back) == len(others - some)
