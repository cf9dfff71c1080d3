"""Tests of what a contract promises; the tests of a provider inherit them.

::

    class TestContract(TaxesSuite):
        provider = RateTaxes
"""

from mercato_testing.contracts.accounts import AccountsSuite, AsOwner
from mercato_testing.contracts.discounts import DiscountsSuite, LimitedDiscountsSuite
from mercato_testing.contracts.orders import OrdersSuite
from mercato_testing.contracts.payments import (
    AuthorizingPaymentsSuite,
    PaymentsDriver,
    PaymentsSuite,
    RemotePaymentsSuite,
    Webhook,
)
from mercato_testing.contracts.people import PeopleSuite
from mercato_testing.contracts.second_factor import Enrolled, SecondFactorSuite
from mercato_testing.contracts.shipping import ShippingSuite
from mercato_testing.contracts.stock import StockSuite
from mercato_testing.contracts.taxes import TaxesSuite

__all__ = [
    "AccountsSuite",
    "AsOwner",
    "AuthorizingPaymentsSuite",
    "DiscountsSuite",
    "Enrolled",
    "LimitedDiscountsSuite",
    "OrdersSuite",
    "PaymentsDriver",
    "PaymentsSuite",
    "PeopleSuite",
    "RemotePaymentsSuite",
    "SecondFactorSuite",
    "ShippingSuite",
    "StockSuite",
    "TaxesSuite",
    "Webhook",
]
