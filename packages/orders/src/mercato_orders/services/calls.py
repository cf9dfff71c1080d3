"""Calls of payment providers outside of transactions."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.payments import Misconfigured, Payments, Ref, Snapshot, Unknown
from mercato_kit import work
from mercato_kit.contexts import get_app
from mercato_kit.db import session
from mercato_kit.services import named
from mercato_orders.models import Order, Payment

THREADS = 4
"""Calls of providers that a job makes at the same time."""

ERROR_LENGTH = 500


@dataclass(frozen=True, slots=True)
class AtProvider:
    """A payment and where it is.

    Args:
        payment: The payment; only to be read.
        ref: What its provider finds it by; None before it has a reference.
    """

    payment: Payment
    ref: Ref | None


def find_payment(payment_id: UUID) -> AtProvider:
    """Read a payment with its reference, in a unit of work of its own."""
    return work.run(lambda: _find(payment_id), read_only=True)


def fetch_payment(payment_id: UUID) -> Snapshot | None:
    """Return a payment as its provider has it now; None if the provider never had it.

    Raises:
        Unknown: The provider did not answer, or the payment has no reference yet.
        Misconfigured: The provider refuses the installation, or no feature offers it.
    """
    found = find_payment(payment_id)
    if found.ref is None:
        raise Unknown("the payment has no reference yet")
    return provider_of(found.payment).fetch(found.ref)


def provider_of(payment: Payment) -> Payments:
    """Return the provider of a payment.

    Raises:
        Misconfigured: No enabled feature offers it.
    """
    provider = named(Payments, payment.provider)
    if provider is None:
        raise Misconfigured(f"no enabled feature offers the payment provider {payment.provider}")
    return provider


def in_threads(function: Callable[[Any], None], items: Iterable[Any]) -> None:
    """Call *function* with each item, in a few threads, and wait for them.

    Each call has an app context, and so a session and providers, of its own.
    """
    app = get_app()

    def run(item: Any) -> None:
        with app.app_context():
            function(item)

    with ThreadPoolExecutor(THREADS, "payments") as pool:
        for made in [pool.submit(run, item) for item in items]:
            made.result()


def describe(error: Exception) -> str:
    """Return the class and the first line of an error, without the parameters of its SQL."""
    # SQLAlchemy's message has the parameters; the driver's has not.
    cause = getattr(error, "orig", None) or error
    first_line = next(iter(str(cause).splitlines()), "")
    return f"{type(error).__name__}: {first_line}"[:ERROR_LENGTH]


def _find(payment_id: UUID) -> AtProvider:
    statement = (
        sa.select(Payment, Order.currency)
        .join(Order, Order.id == Payment.order_id)
        .where(Payment.id == payment_id)
    )
    payment, currency = session.execute(statement).one()
    # It outlives its session, which a unit of work may end.
    session.expunge(payment)
    reference = payment.provider_payment_id
    return AtProvider(payment, Ref(payment.id, reference, currency) if reference else None)
