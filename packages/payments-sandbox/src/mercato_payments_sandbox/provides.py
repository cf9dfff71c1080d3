"""The provider ``sandbox`` of the contract ``payments``."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from mercato_contracts.money import EXPONENTS
from mercato_contracts.payments import (
    BadSignature,
    Capabilities,
    Charge,
    Notice,
    Ref,
    RefundSnapshot,
    Refused,
    Snapshot,
)
from mercato_kit.settings import current_settings
from mercato_payments_sandbox import wire
from mercato_payments_sandbox.cards import read_card
from mercato_payments_sandbox.client import NOT_FOUND, Client
from mercato_payments_sandbox.settings import (
    PaymentsSandboxSettings,
    accepted_secrets,
    current_secret,
    installation_ids,
)
from mercato_payments_sandbox.signatures import is_signed
from mercato_payments_sandbox.snapshots import refund_of, snapshot_of

NAME: Final = "sandbox"


class SandboxPayments:
    """Charges test cards at the sandbox, a process of its own."""

    name = NAME
    capabilities = Capabilities(
        authorize=True,
        partial_capture=True,
        multiple_captures=True,
        delayed=True,
        takes_card_numbers=True,
    )

    def __init__(self) -> None:
        settings, secret = current_settings(PaymentsSandboxSettings), current_secret()
        self._client = Client(settings.url, secret, settings.timeout_seconds)

    def check(self, charge: Charge) -> None:
        """Check that the card is a test card, and the currency one of ISO 4217."""
        if charge.currency not in EXPONENTS:
            raise Refused("currency_unknown")
        if read_card(charge.payment_method) is None:
            raise Refused("payment_method_unknown", "The sandbox takes its test cards only.")

    def open(self, charge: Charge, key: str) -> str:
        """Make a payment that is not confirmed."""
        new = wire.NewPayment(
            charge.payment_id,
            charge.order_id,
            charge.number,
            charge.amount,
            charge.currency,
            installation_ids()[0],
            charge.capture,
            charge.return_url,
        )
        return self._client.post("/payments", new, key, wire.Payment).id

    def confirm(self, charge: Charge, ref: Ref, key: str) -> Snapshot:
        """Charge the card."""
        body = wire.Confirmation(charge.payment_method or "", charge.return_url)
        return self._post(ref, "confirm", body, key)

    def fetch(self, ref: Ref) -> Snapshot | None:
        """Return the payment as it is now."""
        try:
            return snapshot_of(self._client.get(f"/payments/{ref.reference}", wire.Payment))
        except Refused as refused:
            if refused.code == NOT_FOUND:
                return None
            raise

    def capture(
        self,
        ref: Ref,
        capture_id: UUID,
        amount: int,
        final: bool,  # noqa: FBT001 - the contract's
        key: str,
    ) -> Snapshot:
        """Capture an amount, or a part of it."""
        return self._post(ref, "capture", wire.NewCapture(capture_id, amount, final), key)

    def void(self, ref: Ref, key: str) -> Snapshot:
        """Close a payment that is not captured; one that a bank processes stays as it is."""
        return self._post(ref, "void", None, key)

    def refund(
        self, ref: Ref, refund_id: UUID, amount: int, reason: str, key: str
    ) -> RefundSnapshot:
        """Give money back."""
        path = f"/payments/{ref.reference}/refunds"
        new = wire.NewRefund(amount, refund_id, reason)
        return refund_of(self._client.post(path, new, key, wire.Refund))

    def parse_webhook(
        self, body: bytes, headers: Mapping[str, str], now: datetime
    ) -> Sequence[Notice]:
        """Verify the signature, and return the event."""
        if not is_signed(accepted_secrets(), headers, now, body):
            raise BadSignature
        try:
            event = msgspec.json.decode(body, type=wire.Event)
        except msgspec.DecodeError as error:
            raise BadSignature("the body is malformed") from error
        if event.payment.installation not in installation_ids():
            return [Notice(event.id, event.type, foreign=True)]
        payment = event.payment
        shown = snapshot_of(payment)
        return [Notice(event.id, event.type, payment.payment_id, payment.id, shown)]

    def _post(self, ref: Ref, verb: str, body: msgspec.Struct | None, key: str) -> Snapshot:
        path = f"/payments/{ref.reference}/{verb}"
        return snapshot_of(self._client.post(path, body, key, wire.Payment))
