"""What the start of the app, `mercato doctor` and `/metrics` say of payments."""

from datetime import timedelta

import sqlalchemy as sa

from mercato_contracts.payments import Payments
from mercato_kit.db import session, utc_now
from mercato_kit.feature import Check, Gauge
from mercato_kit.services import each
from mercato_kit.settings import current_settings
from mercato_orders.models import Payment, PaymentEvent
from mercato_orders.settings import OrdersSettings

LATE = timedelta(hours=1)


def check_capture() -> str | None:
    """Find providers that cannot capture when ``capture_at`` says so.

    A provider here records money that was received, so it captures at once.
    """
    when = current_settings(OrdersSettings).capture_at
    offers = ((one.name, one.provider.capabilities) for one in each(Payments))
    unfit = [name for name, able in offers if able.remote and not able.authorize]
    if when == "payment" or not unfit:
        return None
    return f"{when!r} needs providers that authorize first; these do not: {', '.join(unfit)}"


def count_attention() -> int:
    """Return how many payments an operator has to look at."""
    return _count(Payment, Payment.attention.is_not(None))


def count_waiting_events() -> int:
    """Return how many payment events wait to be settled."""
    return _count(PaymentEvent, PaymentEvent.processed_at.is_(None))


def check_payments() -> str | None:
    """Find payments that an operator has to look at."""
    count = count_attention()
    what = "1 payment needs" if count == 1 else f"{count} payments need"
    return f"{what} attention: mercato payments list --attention" if count else None


def check_payment_events() -> str | None:
    """Find payment events that were not settled within an hour."""
    late = PaymentEvent.processed_at.is_(None), PaymentEvent.received_at < utc_now() - LATE
    count = _count(PaymentEvent, sa.and_(*late))
    what = "1 payment event waits" if count == 1 else f"{count} payment events wait"
    fix = "look for 'was not settled' in the log of the worker"
    return f"{what} for more than an hour: {fix}" if count else None


def _count(model: type[Payment | PaymentEvent], condition: sa.ColumnElement[bool]) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(model).where(condition)) or 0


STARTUP = [Check("capture_at", check_capture)]

DOCTOR = [Check("payments", check_payments), Check("payment_events", check_payment_events)]

GAUGES = [
    Gauge("payments_attention", "Payments that an operator has to look at", count_attention),
    Gauge("payment_events_waiting", "Events of webhooks to be settled", count_waiting_events),
]
