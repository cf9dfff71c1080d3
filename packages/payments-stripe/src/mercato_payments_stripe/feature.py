"""The manifest of the feature ``payments_stripe``."""

from mercato_contracts.payments import Payments
from mercato_kit.feature import Feature, Offer
from mercato_payments_stripe.checks import DOCTOR, STARTUP
from mercato_payments_stripe.provides import NAME, StripePayments
from mercato_payments_stripe.settings import PaymentsStripeSettings

feature = Feature(
    name="payments_stripe",
    summary="Payments with Stripe.",
    offers=[Offer(Payments, "1.0", StripePayments, name=NAME, remote=True)],
    settings=PaymentsStripeSettings,
    startup=STARTUP,
    doctor=DOCTOR,
)
