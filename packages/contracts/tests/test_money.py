import pytest

from mercato_contracts.money import EXPONENTS


class TestExponents:
    @pytest.mark.parametrize(
        ("currency", "exponent"),
        [
            ("EUR", 2),
            ("USD", 2),
            ("GBP", 2),
            ("CHF", 2),
            ("HUF", 2),
            ("JPY", 0),
            ("KRW", 0),
            ("ISK", 0),
            ("CLP", 0),
            ("UGX", 0),
            ("XOF", 0),
            ("KWD", 3),
            ("BHD", 3),
            ("TND", 3),
        ],
    )
    def test_are_those_of_iso_4217(self, currency, exponent):
        """The minor unit is the standard's, also where everyday use has another."""
        assert EXPONENTS[currency] == exponent

    def test_name_currencies_by_three_capitals(self):
        """Each code is a code, and each exponent one that money has."""
        for currency, exponent in EXPONENTS.items():
            assert len(currency) == 3
            assert currency.isascii()
            assert currency.isupper()
            assert exponent in (0, 2, 3)

    def test_leave_out_what_is_no_money(self):
        """Metals, test codes and funds are no currencies of a shop; withdrawn ones neither."""
        for code in ("XXX", "XTS", "XAU", "XDR", "DEM", "HRK", "CLF", "USN"):
            assert code not in EXPONENTS

    def test_cover_the_standard(self):
        """As many currencies as the standard has in use, and none twice."""
        assert 150 <= len(EXPONENTS) <= 170
