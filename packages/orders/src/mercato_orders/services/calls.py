"""Reads of payment providers outside of transactions, in a few threads."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.payments import Ref, Snapshot, Unknown
from mercato_kit import work
from mercato_kit.contexts import get_app
from mercato_kit.db import session, utc_now
from mercato_orders.models import Order, Payment
from mercato_orders.services.providers import provider_of

THREADS = 4
"""Calls of providers that a job makes at the same time."""

ERROR_LENGTH = 500


def find_payment(payment_id: UUID) -> tuple[Payment, str]:
    """Return a payment, only to be read, and its currency, in a unit of work of its own."""
    return work.run(lambda: _find(payment_id), read_only=True)


def fetch_payment(payment_id: UUID) -> Snapshot:
    """Return a payment as its provider has it now. One that the provider never had is canceled.

    So is one that was closed here before it could be charged there.

    Raises:
        Unknown: The provider did not answer, or the payment has no reference yet.
        Misconfigured: The provider refuses the installation, or no feature offers it.
    """
    payment, currency = find_payment(payment_id)
    reference, snapshot = payment.provider_payment_id, None
    if reference is not None:
        snapshot = provider_of(payment.provider).fetch(Ref(payment.id, reference, currency))
    elif payment.status not in ("failed", "canceled"):
        raise Unknown("the payment has no reference yet")
    if snapshot is None:
        return Snapshot("canceled", payment.amount, currency, 0, (), utc_now())
    return snapshot


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


def _find(payment_id: UUID) -> tuple[Payment, str]:
    statement = (
        sa.select(Payment, Order.currency)
        .join(Order, Order.id == Payment.order_id)
        .where(Payment.id == payment_id)
    )
    payment, currency = session.execute(statement).one()
    # The unit of work ends; what was read stays.
    session.expunge(payment)
    return payment, currency
