"""The reconciler: asks payment providers about everything whose outcome is open.

A process may die at any point of a command, and answers and events may be lost. What was begun is
a row, so the reconciler finds it, asks the provider, and settles what the provider says. Time
proves nothing: what the provider did not do is known only from a read, or after it was closed.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.payments import Misconfigured, Refused, Snapshot, Unknown
from mercato_kit import leases, work
from mercato_kit.db import locked, refreshed, session, touch, utc_now
from mercato_kit.leases import Lease
from mercato_orders.models import IN_FLIGHT, TO_CHECK, Capture, Payment, Refund
from mercato_orders.services import schedule
from mercato_orders.services.attention import needs_attention
from mercato_orders.services.calls import describe, fetch_payment, find_payment, in_threads
from mercato_orders.services.locks import lock_payment
from mercato_orders.services.payments.captures import call_capture, finish_capture
from mercato_orders.services.payments.closures import call_void
from mercato_orders.services.payments.settlement import settle
from mercato_orders.services.providers import provider_of
from mercato_orders.services.refunds import call_refund
from mercato_orders.services.voids import request_void

BATCH = 10

T = TypeVar("T")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """Rows whose outcome is open.

    Args:
        model: Their model.
        is_open: Which of them are open.
        check: Asks the provider about the one with an id, and settles its answer.
        payment_id: The column with the id of the payment.
    """

    model: type[Any]
    is_open: Callable[[], sa.ColumnElement[bool] | sa.TextClause]
    check: Callable[[UUID], None]
    payment_id: Any


def reconcile_payments() -> int:
    """Ask the providers about payments, captures and refunds that are due; return how many."""
    return sum(_reconcile(kind) for kind in KINDS)


def check_payment(payment_id: UUID) -> None:
    """Ask the provider about a payment, and settle its answer; close it if it is given up.

    Raises:
        Unknown, Misconfigured: There is no answer.
    """
    payment, _ = find_payment(payment_id)
    state = schedule.State(
        is_answered=payment.snapshot is not None,
        void_requested=payment.void_requested_at is not None,
        attention=payment.attention,
    )
    if payment.provider_payment_id is not None:
        fetched = _read(payment_id)
        if not schedule.is_given_up(state, fetched.state, fetched.expected_by):
            return
    if work.run(lambda: _request_void(payment_id)):
        call_void(payment_id)


def check_capture(capture_id: UUID) -> None:
    """Ask the provider about a pending capture, and ask for it again if it was not made.

    Raises:
        Unknown, Misconfigured: There is no answer.
    """
    if _is_pending_after_read(Capture, capture_id) and _may_send(Capture, capture_id):
        answer = _send(Capture, capture_id, call_capture)
        work.run(lambda: _finish_capture(capture_id, answer))


def check_refund(refund_id: UUID) -> None:
    """Ask the provider about a pending refund, and ask for it again if it was not made.

    Raises:
        Unknown, Misconfigured: There is no answer.
    """
    if _is_pending_after_read(Refund, refund_id) and _may_send(Refund, refund_id):
        _send(Refund, refund_id, call_refund)


def _finish_capture(capture_id: UUID, answer: Snapshot | Refused | None) -> None:
    payment = finish_capture(capture_id, answer)
    if isinstance(answer, Refused):
        needs_attention(payment, "capture_refused", describe(answer))


def _reconcile(kind: Kind) -> int:
    lease = leases.take(
        kind.model,
        sa.and_(kind.is_open(), kind.model.next_check_at <= utc_now()),
        order_by=[kind.model.next_check_at],
        limit=BATCH,
        values={"checks": kind.model.checks + 1},
    )
    if lease.keys:
        with leases.renewed(lease):
            in_threads(partial(_check, kind, lease), lease.keys)
    return len(lease.keys)


def _check(kind: Kind, lease: Lease, key: UUID) -> None:
    """Check one row, and record when it is checked again."""
    word, error = None, None
    try:
        kind.check(key)
    except Misconfigured as failure:
        word, error = "misconfigured", describe(failure)
    except Unknown as failure:
        error = describe(failure)
    except Exception as failure:  # noqa: BLE001 - one row must not block the others
        _log.exception("%s %s could not be checked", kind.model.__name__, key)
        error = describe(failure)
    work.run(lambda: _record(kind, lease, key, word, error))


def _record(kind: Kind, lease: Lease, key: UUID, word: str | None, error: str | None) -> None:
    """Write what a check has shown, and give the row back."""
    # The payment is locked before its captures and refunds.
    of_row = sa.select(kind.payment_id).where(kind.model.id == key).scalar_subquery()
    payment = session.scalars(
        refreshed(locked(sa.select(Payment).where(Payment.id == of_row)))
    ).one()
    held = kind.model.id == key, kind.model.lease_id == lease.id
    row = session.scalar(refreshed(locked(sa.select(kind.model).where(*held))))
    if row is None:
        return
    now = utc_now()
    row.leased_until = row.lease_id = None
    row.next_check_at = now + schedule.next_pause(row.checks)
    row.last_error = error
    row.errors = 0 if error is None else row.errors + 1
    row.unanswered_since = None if error is None else row.unanswered_since or now
    if error is None and payment.attention in schedule.OUTAGES:
        payment.attention = payment.attention_at = None
    is_open = session.scalar(sa.select(kind.is_open()).select_from(kind.model).where(*held[:1]))
    reason = word or (_reason(row, payment) if is_open else None)
    if reason is not None:
        needs_attention(payment, reason, error)


def _reason(row: Payment | Capture | Refund, payment: Payment) -> str | None:
    return schedule.reason_to_look(
        utc_now(),
        errors=row.errors,
        unanswered_since=row.unanswered_since,
        open_since=_open_since(row),
        expected_by=payment.expected_by if row is payment else None,
    )


def _open_since(row: Payment | Capture | Refund) -> datetime:
    """Return since when something is open; a payment that is to be closed, since that was asked."""
    if not isinstance(row, Payment):
        return row.created_at
    ended = row.authorized_until if row.status == "authorized" else None
    return row.void_requested_at or ended or row.created_at


def _request_void(payment_id: UUID) -> bool:
    """Give a payment up; return whether its provider has to close it."""
    order, payment = lock_payment(payment_id)
    is_open = payment.status in (*IN_FLIGHT, "refund_due")
    if not is_open or schedule.only_reads(payment.attention):
        return False
    request_void(payment)
    touch(order)
    # The provider gives its first answer again under the same key. Closing twice has one effect.
    payment.attempt_no += 1
    session.flush()
    return payment.status != "canceled"


def _read(payment_id: UUID) -> Snapshot:
    """Fetch a payment, and settle what its provider has."""
    snapshot = fetch_payment(payment_id)
    work.run(lambda: settle(payment_id, snapshot))
    return snapshot


def _is_pending_after_read(model: type[Any], key: UUID) -> bool:
    """Read the payment of a capture or refund, and return whether the provider has not made it."""
    payment_id = work.run(lambda: _payment_of(model, key), read_only=True)
    if payment_id is None:
        return False
    if _is_shown(_read(payment_id), model, key):
        return False
    return work.run(lambda: _payment_of(model, key), read_only=True) is not None


def _is_shown(snapshot: Snapshot, model: type[Any], key: UUID) -> bool:
    """Return whether the provider has a refund, though its outcome may be open there."""
    return model is Refund and any(one.refund_id == key for one in snapshot.refunds or ())


def _payment_of(model: type[Any], key: UUID) -> UUID | None:
    pending = sa.select(model.payment_id).where(model.id == key, model.status == "pending")
    found: UUID | None = session.scalar(pending)
    return found


def _may_send(model: type[Any], key: UUID) -> bool:
    """Return whether the provider is asked again, with a new key if it may forget the old one."""
    return work.run(lambda: _choose_key(model, key))


def _choose_key(model: type[Any], key: UUID) -> bool:
    row = _locked(model, key)
    payment = session.scalars(sa.select(Payment).where(Payment.id == row.payment_id)).one()
    if schedule.only_reads(payment.attention):
        return False
    hours = provider_of(payment.provider).capabilities.key_hours
    if schedule.needs_new_key(utc_now(), row.attempt_at, hours):
        _take_new_key(row)
    return True


def _send(model: type[Any], key: UUID, call: Callable[[UUID], T]) -> T:
    """Call a provider for a capture or refund; the next call has a new key if this one is spent.

    A read between the two shows whether the call had its effect before its answer was stored.
    """
    try:
        return call(key)
    except Unknown as failure:
        if failure.key_is_spent:
            work.run(lambda: _take_new_key(_locked(model, key)))
        raise


def _take_new_key(row: Capture | Refund) -> None:
    row.attempt_no += 1
    row.attempt_at = utc_now()


def _locked(model: type[Any], key: UUID) -> Any:
    return session.scalars(refreshed(locked(sa.select(model).where(model.id == key)))).one()


def _to_check() -> sa.TextClause:
    # As in the partial index, so that the database uses it.
    return sa.text(f"({TO_CHECK})")


def _is_ended() -> sa.ColumnElement[bool]:
    """Return the condition of authorisations that have ended."""
    return sa.and_(Payment.status == "authorized", Payment.authorized_until < utc_now())


KINDS = (
    Kind(Payment, _to_check, check_payment, Payment.id),
    Kind(Payment, _is_ended, check_payment, Payment.id),
    Kind(Capture, lambda: Capture.status == "pending", check_capture, Capture.payment_id),
    Kind(Refund, lambda: Refund.status == "pending", check_refund, Refund.payment_id),
)
