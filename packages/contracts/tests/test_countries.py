import pytest

from mercato_contracts.countries import COUNTRIES


class TestCountries:
    @pytest.mark.parametrize("code", ["IT", "DE", "GB", "US", "JP", "AQ", "SS", "TL", "BQ"])
    def test_are_those_of_iso_3166_1(self, code):
        """Every country and territory that the standard gives two letters."""
        assert code in COUNTRIES

    def test_are_two_capitals_each(self):
        """Each code is a code."""
        for code in COUNTRIES:
            assert len(code) == 2
            assert code.isascii()
            assert code.isalpha()
            assert code.isupper()

    def test_leave_out_what_is_no_country(self):
        """Reserved, withdrawn and user-assigned codes are none, however well known."""
        for code in ("UK", "EU", "EL", "XK", "AN", "SU", "YU", "ZZ", "AA", "QM"):
            assert code not in COUNTRIES

    def test_cover_the_standard(self):
        """As many as the standard has assigned."""
        assert len(COUNTRIES) == 249
