"""The tables in a statement are found in every spelling, but not in strings and comments."""

import pytest

from mercato_runtime.guard.statements import tables_in


class TestTablesIn:
    @pytest.mark.parametrize(
        "statement",
        [
            "SELECT * FROM hats_hat",
            "select * from HATS_HAT",
            "SELECT a.b FROM(hats_hat)a",
            'SELECT * FROM public."hats_hat"',
            "SELECT * FROM `hats_hat`",
            "SELECT * FROM [hats_hat]",
            "SELECT * FROM 'hats_hat'",
            "UPDATE ONLY hats_hat SET x = %(x)s",
            "SELECT E'it\\'s', x FROM hats_hat WHERE y = 'z'",
            "DO $$ BEGIN DELETE FROM hats_hat; END $$",
            "SELECT $a$it's$a$, x FROM hats_hat, b WHERE y = 'z'",
            "SELECT '--', x FROM hats_hat",
            "SELECT '/*', x FROM hats_hat",
            "SELECT 1 -- it's\nFROM hats_hat",
            "SELECT \"it's\" FROM hats_hat WHERE y = 'z'",
        ],
    )
    def test_finds(self, statement):
        """A table is found in every spelling that a database accepts."""
        assert tables_in(statement, {"hats_hat"}) == ["hats_hat"]

    @pytest.mark.parametrize(
        "statement",
        [
            "SELECT 'hats_hat'",
            "SELECT 'a''hats_hat'",
            "SELECT E'a\\' hats_hat'",
            "SELECT x -- hats_hat",
            "SELECT x /* FROM\n hats_hat */",
            "SELECT hats_hat_id, xhats_hat, hats_hats, éhats_hat",
            'SELECT "a hats_hat"',
            "SELECT :hats_hat, %(hats_hat)s, @hats_hat",
            "",
        ],
    )
    def test_ignores(self, statement):
        """Strings, comments, parameters and longer names are not tables."""
        assert tables_in(statement, {"hats_hat"}) == []

    def test_names_each_once(self):
        """Each table is returned once, in the order of first use."""
        statement = "SELECT b.x FROM b JOIN a ON a.x = b.x"

        assert tables_in(statement, {"a", "b", "c"}) == ["b", "a"]

    @pytest.mark.parametrize(
        ("statement", "found"),
        [
            ("INSERT INTO hats_hat (a, band_kind) VALUES (1, 2) RETURNING band_kind", ["hats_hat"]),
            ("INSERT INTO main.hats_hat(band_kind) SELECT band_kind FROM hats_hat", ["hats_hat"]),
            ("SELECT h.band_kind FROM hats_hat h WHERE h.band_kind = 1", ["hats_hat"]),
            ("UPDATE hats_hat SET band_kind = 1 WHERE band_kind IN (2)", ["hats_hat"]),
            ("SELECT 1 FROM hats_hat ORDER BY band_kind", ["hats_hat"]),
            ("SELECT 1 FROM hats_hat, band_kind", ["hats_hat", "band_kind"]),
            ("SELECT 1 FROM hats_hat JOIN main.band_kind ON x = y", ["hats_hat", "band_kind"]),
            ("DELETE FROM band_kind", ["band_kind"]),
            ("INSERT INTO band_kind (a) VALUES (1)", ["band_kind"]),
            ("UPDATE band_kind SET a = 1", ["band_kind"]),
        ],
    )
    def test_finds_a_name_that_is_also_a_column_where_tables_are(self, statement, found):
        """A feature may name a column as another feature names a table."""
        tables = {"hats_hat", "band_kind"}

        assert tables_in(statement, tables, columns={"a", "band_kind"}) == found
