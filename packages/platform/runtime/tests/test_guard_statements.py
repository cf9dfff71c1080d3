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
