"""The manifest of the feature ``payments_sandbox``."""

from mercato_contracts.payments import Payments
from mercato_kit.feature import Feature, Offer
from mercato_payments_sandbox.cli import commands
from mercato_payments_sandbox.provides import NAME, SandboxPayments
from mercato_payments_sandbox.settings import PaymentsSandboxSettings

feature = Feature(
    name="payments_sandbox",
    summary="Payments with play money, for development and testing.",
    offers=[Offer(Payments, "1.0", SandboxPayments, name=NAME, remote=True)],
    development_only="it takes play money",
    settings=PaymentsSandboxSettings,
    cli=commands,
)
