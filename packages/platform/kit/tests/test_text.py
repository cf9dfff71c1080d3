import pytest
import sqlalchemy as sa
from hypothesis import given, strategies as st

from mercato_kit.db import session
from mercato_kit.text import (
    SORT_KEY_LENGTH,
    canonical_code,
    fold,
    is_line,
    is_text,
    normalize,
    sort_key,
)

NAMES = [
    "Apfel",
    "apfel",
    "Äpfel",
    "äpfel",
    "Apfel rot",
    "Apfelmus",
    "Lodz",
    "Łódź",
    "Straße",
    "Strudel",
    "Zebra",
    "Елка",
    "елка",
    "Ёлка",
    "Молоко",
    "りんご",
]
"""In the order in which a shop lists them."""


class TestIsText:
    @pytest.mark.parametrize("text", ["a\x00", "\ud800", "\udfffx"])
    def test_is_false_for_what_a_database_refuses(self, text):
        """NUL and lone surrogates are no text, and so no line."""
        assert not is_text(text)
        assert not is_line(text)

    @pytest.mark.parametrize("text", ["two\nlines", "\x1b", "\u2028", "\u202e"])
    def test_text_may_have_lines(self, text):
        """Line breaks and control characters can be stored, but are not in a line."""
        assert is_text(text)
        assert not is_line(text)


class TestNormalize:
    def test_composes(self):
        """NFC composes letters; NFKC makes letters of one meaning equal, too."""
        assert normalize("e\u0301\uff41") == "\u00e9\uff41"
        assert normalize("e\u0301\uff41", "NFKC") == "\u00e9a"

    def test_refuses_piles_of_marks(self):
        """31 marks in a row are refused unless they are sorted already; 30 are not."""
        assert normalize("a" + "\u0301\u0316" * 15)
        with pytest.raises(ValueError, match="30 combining marks"):
            normalize("a" + "\u0301\u0316" * 16)

    @given(st.text(max_size=40))
    def test_never_composes_more_than_four_to_one(self, text):
        """Text of more than four times a limit stays above the limit, so it need not be read."""
        assert len(text) <= 4 * len(normalize(text))
        assert len(text) <= 4 * len(normalize(text, "NFKC"))


class TestCanonicalCode:
    @pytest.mark.parametrize(
        "text", [" spring-10 ", "SPRING-10", "\uff33pring-10", "\u017fpring-10"]
    )
    def test_is_equal_for_what_people_type(self, text):
        """Case, width and the white space around a code are no part of it."""
        assert canonical_code(text) == "SPRING-10"


class TestFold:
    @pytest.mark.parametrize(
        ("text", "folded"),
        [
            ("Молоко", "молоко"),
            ("  Crème\tBRÛLÉE ", "creme brulee"),
            ("Straße", "strasse"),
            ("ŁÓDŹ", "lodz"),
            ("İzmir ILGAZ", "izmir ilgaz"),
            ("\uff21\ufb01", "afi"),
        ],
    )
    def test_leaves_out_case_and_accents(self, text, folded):
        """Words of all alphabets can be compared."""
        assert fold(text) == folded

    @pytest.mark.parametrize("text", ["Été", "ŻÓŁĆ", "Ǆ ǰ ΐ", "ﬃ №", "ЁЛКА"])
    def test_is_stable(self, text):
        """A folded text folds to itself."""
        assert fold(fold(text)) == fold(text)


class TestSortKey:
    def test_sorts_names_as_a_reader_expects(self):
        """Letters decide first, then accents, then case."""
        assert sorted(set(NAMES), key=sort_key) == NAMES

    @given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=400))
    def test_fits_its_column(self, text):
        """A key has a maximum length, and its part of letters sorts first."""
        assert len(sort_key(text)) <= SORT_KEY_LENGTH
        assert sort_key(text).startswith(fold(text)[:100] + "\x01")

    def test_is_one_order_on_both_databases(self, app):
        """PostgreSQL with the collation C and SQLite sort keys as Python does."""
        with app.app_context():
            rows = sa.union_all(
                *(
                    sa.select(
                        sa.literal(name).label("name"), sa.literal(sort_key(name)).label("key")
                    )
                    for name in reversed(NAMES)
                )
            ).subquery()
            is_sqlite = session.get_bind().dialect.name == "sqlite"
            order = rows.c.key if is_sqlite else rows.c.key.collate("C")

            found = session.scalars(sa.select(rows.c.name).order_by(order)).all()

        assert found == NAMES
