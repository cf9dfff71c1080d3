"""The suites of the contract ``payments``."""

from mercato_testing.contracts.payments.authorizing import AuthorizingPaymentsSuite
from mercato_testing.contracts.payments.base import PaymentsSuite
from mercato_testing.contracts.payments.driver import PaymentsDriver, Webhook
from mercato_testing.contracts.payments.remote import RemotePaymentsSuite

__all__ = [
    "AuthorizingPaymentsSuite",
    "PaymentsDriver",
    "PaymentsSuite",
    "RemotePaymentsSuite",
    "Webhook",
]
