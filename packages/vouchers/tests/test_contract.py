import pytest

from mercato_contracts.baskets import Customer
from mercato_testing.contracts import LimitedDiscountsSuite
from mercato_testing.contracts.baskets import sample_basket
from mercato_vouchers.provides import VoucherDiscounts

from .factories import EMAIL, make_voucher


class TestContract(LimitedDiscountsSuite):
    provider = VoucherDiscounts

    @pytest.fixture(params=["max_redemptions", "max_redemptions_per_customer"])
    def basket(self, request, commit):
        """A basket with a code that can be redeemed once."""
        commit(make_voucher, **{request.param: 1})
        return sample_basket(shipping=None, codes=("TEN",), customer=Customer(None, EMAIL))
