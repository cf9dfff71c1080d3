"""From the sandbox's JSON to the values of the contract."""

from mercato_contracts.payments import NextAction, RefundSnapshot, Snapshot
from mercato_payments_sandbox.wire import Payment, Refund


def snapshot_of(payment: Payment) -> Snapshot:
    """Return a payment as the contract shows it; one that is not confirmed is ``processing``."""
    action = payment.next_action
    return Snapshot(
        state="processing" if payment.state == "created" else payment.state,
        amount=payment.amount,
        currency=payment.currency,
        amount_captured=payment.amount_captured,
        refunds=tuple(map(refund_of, payment.refunds)),
        observed_at=payment.observed_at,
        next_action=NextAction(action.kind, action.url) if action else None,
        error_code=payment.error_code,
        disputed=payment.disputed,
        authorized_until=payment.authorized_until,
        expected_by=payment.expected_by,
    )


def refund_of(refund: Refund) -> RefundSnapshot:
    """Return a refund as the contract shows it."""
    return RefundSnapshot(
        refund.state, refund.amount, refund.id, refund.refund_id, refund.error_code
    )
