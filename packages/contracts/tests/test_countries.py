import pytest

from mercato_contracts.countries import COUNTRIES


class TestCountries:
    @pytest.mark.parametrize("code", ["IT", "DE", "GB", "US", "JP", "AQ", "SS", "TL", "BQ", "XK"])
    def test_are_those_in_use(self, code):
        """Countries and territories with a code in ISO 3166-1 are included, and Kosovo."""
        assert code in COUNTRIES

    def test_are_two_capitals_each(self):
        """Each code is two capital ASCII letters."""
        for code in COUNTRIES:
            assert len(code) == 2
            assert code.isascii()
            assert code.isalpha()
            assert code.isupper()

    def test_leave_out_unassigned_codes(self):
        """Reserved, withdrawn and other user-assigned codes are not included."""
        for code in ("UK", "EU", "EL", "XA", "XZ", "AN", "SU", "YU", "ZZ", "AA", "QM"):
            assert code not in COUNTRIES

    def test_cover_the_standard(self):
        """There are as many codes as ISO 3166-1 assigns, and one more."""
        assert len(COUNTRIES - {"XK"}) == 249
