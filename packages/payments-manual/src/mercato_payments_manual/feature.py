"""The manifest of the feature ``payments_manual``."""

from mercato_contracts.payments import Payments
from mercato_kit.feature import Feature, Offer
from mercato_payments_manual.provides import NAME, ManualPayments
from mercato_payments_manual.settings import PaymentsManualSettings

feature = Feature(
    name="payments_manual",
    summary="Payments received outside of the shop, which staff record.",
    offers=[Offer(Payments, "1.0", ManualPayments, name=NAME)],
    settings=PaymentsManualSettings,
)
