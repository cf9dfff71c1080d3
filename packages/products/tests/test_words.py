import pytest

from mercato_products.words import (
    FTS5,
    TSQUERY,
    Query,
    Term,
    singulars,
    spelt_out,
    terms_of,
    words_of,
)


class TestWordsOf:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Alba Desk Lamp, desk", ["alba", "desk", "lamp"]),
            ("T-Shirts", ["t", "shirts", "shirt", "tshirts", "tshirt"]),
            ("TS/12.3_b", ["ts", "12", "3", "b", "ts123b"]),
            ("Berries", ["berries", "berrie", "berry"]),
            ("100% *** __", ["100"]),
            ("x" * 100, ["x" * 64]),
            ("", []),
        ],
    )
    def test_returns_each_once(self, text, expected):
        """Words are folded, and a compound is also one word."""
        assert words_of(text) == expected


class TestSingulars:
    @pytest.mark.parametrize(
        ("word", "expected"),
        [
            ("lamps", ["lamp"]),
            ("boxes", ["boxe", "box"]),
            ("glasses", ["glasse", "glass"]),
            ("dishes", ["dishe", "dish"]),
            ("berries", ["berrie", "berry"]),
            ("glass", []),
            ("bus", []),
            ("basis", []),
            ("gas", []),
            ("lamp", []),
        ],
    )
    def test_returns_what_may_be_the_singular(self, word, expected):
        """English plurals have one or two possible singulars; other words none."""
        assert singulars(word) == expected


class TestQuery:
    def test_has_all_words_as_prefixes(self):
        """A product needs all words, each as a prefix, or as the singular of a plural."""
        query = Query("Lamps oak")

        assert query.words == ["lamps", "oak"]
        tree = query.tree([""])
        assert TSQUERY.write(tree) == "(((('lamps':* | 'lamp'))) & ((('oak':*))))"
        assert FTS5.write(tree) == '(((("lamps"* OR "lamp"))) AND ((("oak"*))))'

    def test_takes_a_compound_as_one_word_too(self):
        """A compound is found by its parts, or written as one word."""
        assert TSQUERY.write(Query("t-shirt").tree([""])) == (
            "(((('t') & ('shirt':*)) | ('tshirt':*)))"
        )

    def test_finds_marked_words_too(self):
        """With a marker, a word is found with or without it."""
        assert TSQUERY.write(Query("oak").tree(["", "_"])) == "(((('oak':* | '_oak':*))))"

    @pytest.mark.parametrize("text", ["'", '"', "* ? % _", "\\", ":*", " "])
    def test_has_no_words_without_letters(self, text):
        """A text without letters and digits has no words, so none reach a database."""
        assert Query(text).words == []


class TestSpeltOut:
    def test_has_whole_words(self):
        """A beginning becomes the words that it stands for; one of none stays, and finds none."""
        tree = Query("oak la").tree([""])

        found = spelt_out(
            tree, {Term("oak", begins=True): [], Term("la", begins=True): ["lamp", "lane"]}
        )

        assert TSQUERY.write(found) == "((((('oak')))) & (((('lamp' | 'lane')))))"

    def test_leaves_out_what_is_not_known(self):
        """A beginning without words matches anything: alone, and in one of two alternatives."""
        assert spelt_out(Query("la").tree([""]), {}) is None
        assert (
            spelt_out(Query("t-shirt").tree([""]), {Term("shirt", begins=True): ["shirt"]}) is None
        )
        both = spelt_out(Query("oak la").tree([""]), {Term("oak", begins=True): ["oak"]})
        assert list(terms_of(both)) == [Term("oak", begins=False)]
