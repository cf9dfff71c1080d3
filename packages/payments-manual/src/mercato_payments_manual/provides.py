"""The provider ``manual`` of the contract ``payments``."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

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
from mercato_payments_manual.settings import PaymentsManualSettings

NAME: Final = "manual"


class ManualPayments:
    """Captures every charge at once: the caller confirms that the money was received.

    It keeps no rows. The reference of a payment holds its amount, so that it can be shown again.
    """

    name = NAME
    capabilities = Capabilities(remote=False, by_customer=False)

    def __init__(self) -> None:
        by_customer = current_settings(PaymentsManualSettings).by_customer
        self.capabilities = Capabilities(remote=False, by_customer=by_customer)

    def check(self, charge: Charge) -> None:
        """Accept every charge."""

    def open(self, charge: Charge, key: str) -> str:
        """Return a reference with the amount."""
        return f"{charge.payment_id}:{charge.amount}"

    def confirm(self, charge: Charge, ref: Ref, key: str) -> Snapshot:
        """Return the captured payment."""
        return _captured(ref)

    def fetch(self, ref: Ref) -> Snapshot:
        """Return the captured payment; its refunds are not listed."""
        return _captured(ref)

    def capture(
        self,
        ref: Ref,
        capture_id: UUID,
        amount: int,
        final: bool,  # noqa: FBT001 - the contract's
        key: str,
    ) -> Snapshot:
        """Refuse: nothing is authorized."""
        raise Refused("not_authorized")

    def void(self, ref: Ref, key: str) -> Snapshot:
        """Return the captured payment: it is too late."""
        return _captured(ref)

    def refund(
        self, ref: Ref, refund_id: UUID, amount: int, reason: str, key: str
    ) -> RefundSnapshot:
        """Return a refund that succeeded: the caller confirms that the money was sent."""
        return RefundSnapshot("succeeded", amount, str(refund_id), refund_id)

    def parse_webhook(
        self, body: bytes, headers: Mapping[str, str], now: datetime
    ) -> Sequence[Notice]:
        """Refuse: it has no secret that could have signed the body."""
        raise BadSignature


def _captured(ref: Ref) -> Snapshot:
    amount = int(ref.reference.rpartition(":")[2])
    return Snapshot("captured", amount, ref.currency, amount, None, datetime.now(UTC))
