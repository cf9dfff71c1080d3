"""The version bump that a change of the tables needs."""

import pytest
import sqlalchemy as sa
from hypothesis import given, settings, strategies as st

from surfaces.tables import describe_table

from .differences import check, differences


def book(*more, **columns):
    """Describe a table of books with other columns (None removes one), laws and indexes."""
    every = {
        "id": sa.Column(sa.Uuid),
        "title": sa.Column(sa.String(100), nullable=False),
        "pages": sa.Column(sa.Integer),
        "state": sa.Column(sa.String(20), nullable=False, server_default="new"),
        "price": sa.Column(sa.Numeric(10, 2)),
        **columns,
    }
    for name, column in every.items():
        if column is not None:
            column.name = column.key = name
    kept = [column for column in every.values() if column is not None]
    more = more or (sa.PrimaryKeyConstraint("id"),)
    return describe_table(sa.Table("books_book", sa.MetaData(), *kept, *more))


def check_words(*words, name="ck_state"):
    """Return a check constraint that lists values."""
    return sa.CheckConstraint(f"state IN ({', '.join(words)})", name=name)


KEY = sa.PrimaryKeyConstraint


# Before, after, the highest difference, and that of the opposite change.
CHANGES = {
    "a column less": (book(), book(pages=None), "major .pages is gone", "minor .pages is new"),
    "a column that no old row has": (
        book(),
        book(shelf=sa.Column(sa.Uuid, nullable=False)),
        "major .shelf is new",
        "major .shelf is gone",
    ),
    "a column with a default": (
        book(),
        book(shelf=sa.Column(sa.Integer, nullable=False, server_default="1")),
        "minor .shelf is new",
        "major .shelf is gone",
    ),
    "longer texts": (
        book(),
        book(title=sa.Column(sa.String(200), nullable=False)),
        "minor .title > length was 100, is 200",
        "major .title > length was 200, is 100",
    ),
    "texts of any length": (
        book(),
        book(title=sa.Column(sa.Text, nullable=False)),
        "minor .title > length is gone",
        "major .title > length is new",
    ),
    "larger numbers": (
        book(),
        book(pages=sa.Column(sa.BigInteger)),
        "minor .pages > bits was 32, is 64",
        "major .pages > bits was 64, is 32",
    ),
    "more digits": (
        book(),
        book(price=sa.Column(sa.Numeric(12, 2))),
        "minor .price > length was 10, is 12",
        "major .price > length was 12, is 10",
    ),
    "digits behind the point leave fewer before it": (
        book(),
        book(price=sa.Column(sa.Numeric(12, 6))),
        "major .price > type was NUMERIC(n, 2), is NUMERIC(n, 6)",
        "major .price > type was NUMERIC(n, 6), is NUMERIC(n, 2)",
    ),
    "texts of one length": (
        book(),
        book(title=sa.Column(sa.CHAR(100), nullable=False)),
        "major .title > type was VARCHAR, is CHAR(n)",
        "major .title > type was CHAR(n), is VARCHAR",
    ),
    "not null": (
        book(),
        book(pages=sa.Column(sa.Integer, nullable=False)),
        "major .pages > null is gone",
        "minor .pages > null is new",
    ),
    "another default": (
        book(),
        book(state=sa.Column(sa.String(20), nullable=False, server_default="old")),
        "patch .state > default was 'new', is 'old'",
        "patch .state > default was 'old', is 'new'",
    ),
    "no default": (
        book(),
        book(state=sa.Column(sa.String(20), nullable=False)),
        "major .state > required is new",
        "minor .state > required is gone",
    ),
    "another primary key": (
        book(),
        book(KEY("id", "title")),
        "major primary_key was id, is id, title",
        "major primary_key was id, title, is id",
    ),
    "a unique key": (
        book(),
        book(KEY("id"), sa.UniqueConstraint("pages")),
        "major laws > UNIQUE (pages) is new",
        "minor laws > UNIQUE (pages) is gone",
    ),
    "a unique key over more": (
        book(KEY("id"), sa.UniqueConstraint("title", name="one_title")),
        book(KEY("id"), sa.UniqueConstraint("title", "pages", name="one_title")),
        "major laws > UNIQUE (title, pages) is new",
        "major laws > UNIQUE (title) is new",
    ),
    "another name": (
        book(KEY("id"), sa.UniqueConstraint("title", name="one_title"), sa.Index("a", "pages")),
        book(KEY("id"), sa.UniqueConstraint("title", name="uq_title"), sa.Index("b", "pages")),
        "",
        "",
    ),
    "a check": (
        book(),
        book(KEY("id"), sa.CheckConstraint("pages > 0", name="ck_pages")),
        "major laws > CHECK (pages > 0) is new",
        "minor laws > CHECK (pages > 0) is gone",
    ),
    "a word more": (
        book(KEY("id"), check_words("'new'", "'old'")),
        book(KEY("id"), check_words("'new'", "'old'", "'lost'")),
        "minor laws > CHECK (state IN > values > \"'lost'\" is new",
        "major laws > CHECK (state IN > values > \"'lost'\" is gone",
    ),
    "a word more that is refused": (
        book(KEY("id"), sa.CheckConstraint("state NOT IN ('new', 'old')")),
        book(KEY("id"), sa.CheckConstraint("state NOT IN ('new', 'old', 'lost')")),
        "major laws > CHECK (state NOT IN ('new', 'old', 'lost')) is new",
        "major laws > CHECK (state NOT IN ('new', 'old')) is new",
    ),
    "words that are listed": (
        book(),
        book(KEY("id"), check_words("'new'")),
        "major laws > CHECK (state IN is new",
        "minor laws > CHECK (state IN is gone",
    ),
    "a foreign key": (
        book(),
        book(KEY("id"), sa.ForeignKeyConstraint(["pages"], ["books_book.pages"])),
        "major laws > FOREIGN KEY(pages) REFERENCES books_book (pages) is new",
        "minor laws > FOREIGN KEY(pages) REFERENCES books_book (pages) is gone",
    ),
    "an index": (
        book(),
        book(KEY("id"), sa.Index("ix", "title", postgresql_where=sa.text("pages > 0"))),
        'minor indexes > "INDEX (title) WHERE pages > 0" is new',
        'minor indexes > "INDEX (title) WHERE pages > 0" is gone',
    ),
    "an index that becomes unique": (
        book(KEY("id"), sa.Index("ix", "pages")),
        book(KEY("id"), sa.Index("ix", "pages", unique=True)),
        "major laws > UNIQUE INDEX (pages) is new",
        "minor laws > UNIQUE INDEX (pages) is gone",
    ),
}


class TestCompare:
    @pytest.mark.parametrize("name", CHANGES)
    def test_says_what_a_change_needs(self, name):
        """Each change has its level, and so does the opposite change."""
        before, after, there, back = CHANGES[name]
        old, new = {"books_book": before}, {"books_book": after}

        forth, reverse = differences("tables", old, new), differences("tables", new, old)

        check([line.replace("books_book > ", "") for line in forth], there)
        check([line.replace("books_book > ", "") for line in reverse], back)

    def test_a_table_comes_and_goes(self):
        """A new table is minor, a removed table is major."""
        assert differences("tables", {}, {"books_book": book()}) == ["minor books_book is new"]
        assert differences("tables", {"books_book": book()}, {}) == ["major books_book is gone"]

    @pytest.mark.parametrize("name", ["default", "required", "length", "null", "type"])
    def test_a_column_may_be_called_as_a_fact_is(self, name):
        """Names may be keywords; their removal is found."""
        before = {"books_book": book(**{name: sa.Column(sa.Integer)})}

        gone = differences("tables", before, {"books_book": book()})

        assert gone == [f"major books_book > .{name} is gone"]


class TestEveryTable:
    @settings(deadline=None)
    @given(st.sets(st.sampled_from("abcd")), st.sets(st.sampled_from("abcd")))
    def test_what_was_added_is_gone_on_the_way_back(self, some, others):
        """A column of only one side is major in one direction, and minor in the other."""
        old, new = (
            {"books_book": book(**{name: sa.Column(sa.Text) for name in names})}
            for names in (some, others)
        )

        there, back = differences("tables", old, new), differences("tables", new, old)

        assert len(there) == len(back) == len(some ^ others)
        assert sum(one.startswith("major") for one in there) == len(some - others)
        assert sum(one.startswith("major") for one in back) == len(others - some)
