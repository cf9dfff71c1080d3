import pytest

from mercato_contracts.money import EXPONENTS
from mercato_contracts.payments import Refused
from mercato_payments_stripe.amounts import LARGEST, from_stripe, to_stripe

STRIPE_TAKES = sorted({*EXPONENTS} - {"IQD", "LYD"})


class TestToStripe:
    @pytest.mark.parametrize(
        ("amount", "currency", "converted"),
        [
            (1990, "EUR", 1990),
            (1990, "JPY", 1990),
            (5, "ISK", 500),
            (5, "UGX", 500),
            (1900, "MGA", 19),
            (1990, "KWD", 1990),
            (1990, "TND", 1990),
            (LARGEST, "IDR", LARGEST),
        ],
    )
    def test_counts_as_stripe_does(self, amount, currency, converted):
        """Most currencies are counted as in ISO 4217, and a few otherwise."""
        assert to_stripe(amount, currency) == converted

    @pytest.mark.parametrize(
        ("amount", "currency", "code"),
        [
            (1995, "KWD", "amount_not_exact"),
            (1950, "MGA", "amount_not_exact"),
            (1000, "IQD", "currency_unsupported"),
            (1000, "XYZ", "currency_unsupported"),
            (1000, "eur", "currency_unsupported"),
            (LARGEST + 1, "EUR", "amount_too_large"),
            (LARGEST, "ISK", "amount_too_large"),
        ],
    )
    def test_refuses_what_is_not_exact(self, amount, currency, code):
        """What would be rounded is refused, as is a currency that Stripe does not have."""
        with pytest.raises(Refused) as refused:
            to_stripe(amount, currency)

        assert refused.value.code == code


class TestFromStripe:
    @pytest.mark.parametrize("currency", STRIPE_TAKES)
    def test_gives_back_what_was_sent(self, currency):
        """Every amount that is sent comes back the same, in each currency."""
        assert from_stripe(to_stripe(120_000, currency), currency.lower()) == 120_000

    def test_never_rounds(self):
        """A part of a króna cannot be paid in minor units of ISO 4217."""
        with pytest.raises(ValueError, match="ISK"):
            from_stripe(550, "isk")
