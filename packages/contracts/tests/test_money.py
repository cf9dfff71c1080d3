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
        """Exponents are those of ISO 4217, even where everyday use differs (HUF, ISK)."""
        assert EXPONENTS[currency] == exponent

    def test_name_currencies_by_three_capitals(self):
        """Each code is three capital ASCII letters; each exponent is 0, 2 or 3."""
        for currency, exponent in EXPONENTS.items():
            assert len(currency) == 3
            assert currency.isascii()
            assert currency.isupper()
            assert exponent in (0, 2, 3)

    def test_leave_out_codes_that_are_not_currencies(self):
        """Codes of metals, tests and funds and withdrawn currencies are not included."""
        for code in ("XXX", "XTS", "XAU", "XDR", "DEM", "HRK", "CLF", "USN"):
            assert code not in EXPONENTS

    def test_cover_the_standard(self):
        """The number of currencies is that of ISO 4217, about 160."""
        assert 150 <= len(EXPONENTS) <= 170
