"""Rows of the ledger as JSON."""

from datetime import UTC, datetime

from mercato_payments_sandbox import wire
from mercato_payments_sandbox.server.ledger import Row, Work


def show_payment(work: Work, charge_id: str) -> wire.Payment:
    """Return a payment with its refunds."""
    row = work.db.execute("SELECT * FROM charge WHERE id = ?", (charge_id,)).fetchone()
    refunds = work.db.execute(
        "SELECT * FROM refund WHERE charge_id = ? ORDER BY created_at, id", (charge_id,)
    )
    action = wire.Action("redirect", f"{work.base_url}/3ds/{charge_id}")
    return wire.Payment(
        id=row["id"],
        payment_id=row["payment_id"],
        order_id=row["order_id"],
        number=row["number"],
        installation=row["installation"],
        amount=row["amount"],
        currency=row["currency"],
        capture=row["capture"],
        state=row["state"],
        amount_captured=row["captured"],
        amount_refunded=row["refunded"],
        refunds=[show_refund(one) for one in refunds],
        observed_at=time_of(work.now),
        error_code=row["error_code"],
        next_action=action if row["state"] == "requires_action" else None,
        disputed=bool(row["disputed"]),
        authorized_until=_time(row["authorized_until"]),
        expected_by=_time(row["expected_by"]) if row["state"] == "processing" else None,
    )


def show_refund(row: Row) -> wire.Refund:
    """Return a refund."""
    return wire.Refund(
        id=row["id"],
        payment=row["charge_id"],
        amount=row["amount"],
        state=row["state"],
        refund_id=row["refund_id"],
        error_code=row["error_code"],
    )


def time_of(seconds: float) -> datetime:
    """Return seconds since 1970 as a time."""
    return datetime.fromtimestamp(seconds, UTC)


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else time_of(seconds)
