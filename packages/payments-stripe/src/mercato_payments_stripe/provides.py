"""The provider ``stripe`` of the contract ``payments``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mercato_contracts.payments import Capabilities, Refused, Unknown
from mercato_kit.db import utc_now
from mercato_kit.settings import current_settings
from mercato_payments_stripe import intents
from mercato_payments_stripe.amounts import to_stripe
from mercato_payments_stripe.client import MISSING, Client, read
from mercato_payments_stripe.settings import PaymentsStripeSettings, installation_ids
from mercato_payments_stripe.snapshots import BY_SERVER, IN_BROWSER, refund_of, snapshot_of
from mercato_payments_stripe.webhooks import notices_of
from mercato_payments_stripe.wire import Intent, Refund

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from stripe import StripeClient
    from stripe.params import PaymentIntentCreateParams, RefundCreateParams

    from mercato_contracts.payments import Charge, Notice, Ref, RefundSnapshot, Snapshot

NAME: Final = "stripe"

_METHOD = re.compile(r"pm_\w+", re.ASCII)
_LONGEST_METADATA = 500


class StripePayments:
    """Charges payment methods of Stripe with payment intents."""

    name = NAME
    capabilities = Capabilities(authorize=True, partial_capture=True, delayed=True)

    def __init__(self) -> None:
        self._settings = settings = current_settings(PaymentsStripeSettings)
        key = settings.secret_key.reveal()
        self._client = Client(key, settings.url, settings.timeout_seconds)
        # The thread of a call has no app.
        self._installations = installation_ids()

    def check(self, charge: Charge) -> None:
        """Check that Stripe counts the amount exactly, and that the payment method is a token."""
        to_stripe(charge.amount, charge.currency)
        if charge.payment_method and not _METHOD.fullmatch(charge.payment_method):
            raise Refused("payment_method_unknown", "Send the id of a payment method: pm_….")

    def open(self, charge: Charge, key: str) -> str:
        """Create a payment intent that is not confirmed."""
        new: PaymentIntentCreateParams = {
            "amount": to_stripe(charge.amount, charge.currency),
            "currency": charge.currency.lower(),
            "capture_method": "automatic" if charge.capture == "now" else "manual",
            "allowed_payment_method_types": list(self._settings.payment_method_types),
            "description": f"Order {charge.number}",
            "metadata": {
                "installation": self._installations[0],
                "payment_id": str(charge.payment_id),
                "order_id": str(charge.order_id),
                "confirmed_by": BY_SERVER if charge.payment_method else IN_BROWSER,
            },
        }
        return self._client.call(
            lambda api: api.v1.payment_intents.create(new, {"idempotency_key": key}).id
        )

    def confirm(self, charge: Charge, ref: Ref, key: str) -> Snapshot:
        """Charge the payment method; without one, the customer's browser confirms the intent."""
        if not charge.payment_method:
            return self._intent(lambda api: intents.retrieve(api, ref.reference))
        method, url = charge.payment_method, charge.return_url
        return self._intent(lambda api: intents.confirm(api, ref.reference, method, url, key))

    def fetch(self, ref: Ref) -> Snapshot | None:
        """Return the payment as it is now; one that was declined is closed first."""
        try:
            return self._intent(lambda api: intents.retrieve(api, ref.reference))
        except Refused as refused:
            if refused.code == MISSING:
                return None
            raise Unknown(str(refused)) from refused

    def capture(
        self,
        ref: Ref,
        capture_id: UUID,
        amount: int,
        final: bool,  # noqa: FBT001 - the contract's
        key: str,
    ) -> Snapshot:
        """Capture an amount; Stripe releases the rest."""
        if not final:
            raise Refused("multiple_captures", "Stripe captures once, and releases the rest.")
        taken = to_stripe(amount, ref.currency)
        return self._intent(
            lambda api: intents.capture(api, ref.reference, taken, str(capture_id), key)
        )

    def void(self, ref: Ref, key: str) -> Snapshot:
        """Cancel an intent; one that is captured, or that a bank processes, stays as it is."""
        return self._intent(lambda api: intents.void(api, ref.reference, key))

    def refund(
        self, ref: Ref, refund_id: UUID, amount: int, reason: str, key: str
    ) -> RefundSnapshot:
        """Give money back."""
        new: RefundCreateParams = {
            "payment_intent": ref.reference,
            "amount": to_stripe(amount, ref.currency),
            "metadata": {
                "installation": self._installations[0],
                "payment_id": str(ref.payment_id),
                "refund_id": str(refund_id),
                "reason": reason[:_LONGEST_METADATA],
            },
        }

        def make(api: StripeClient) -> RefundSnapshot:
            made = api.v1.refunds.create(new, {"idempotency_key": key})
            return refund_of(read(made, Refund), self._installations)

        return self._client.call(make)

    def parse_webhook(
        self, body: bytes, headers: Mapping[str, str], now: datetime
    ) -> Sequence[Notice]:
        """Verify the signature, and return the event."""
        secrets = [secret.reveal() for secret in self._settings.webhook_secrets]
        return notices_of(body, headers, now, secrets=secrets, installations=self._installations)

    def _intent(self, ask: Callable[[StripeClient], Intent]) -> Snapshot:
        """Return the intent that a call answers with, as it is after a decline was closed."""

        def settle(api: StripeClient) -> Snapshot:
            intent = intents.settled(api, ask(api))
            return snapshot_of(
                intent, self._installations, utc_now(), self._settings.publishable_key
            )

        return self._client.call(settle)
