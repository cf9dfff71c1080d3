"""Send mails that are due, and delete old ones."""

from datetime import timedelta

import sqlalchemy as sa

from mercato_kit import leases
from mercato_kit.db import session, utc_now
from mercato_kit.leases import Lease
from mercato_kit.settings import current_settings
from mercato_notifications.models import Message
from mercato_notifications.services.attempts import attempt
from mercato_notifications.settings import NotificationsSettings

BATCH = 10
FORGOTTEN_AT_ONCE = 500

AWAY_AFTER = 2
"""How many mails in a row the mailer cannot send before the others wait for the next run."""


def send_due() -> int:
    """Send mails that are due, and return how many were handled: 0 if the mailer is away.

    Their rows are leased, so that several workers share the mails. When a worker is killed, another
    one sends its mails after 15 s.
    """
    is_due = sa.and_(Message.status == "pending", Message.next_attempt_at <= utc_now())
    order = [Message.next_attempt_at, Message.id]
    lease = leases.take(Message, is_due, order_by=order, limit=BATCH)
    if not lease.keys:
        return 0
    with leases.renewed(lease):
        return _send(lease)


def _send(lease: Lease) -> int:
    in_a_row = 0
    for message_id in sorted(lease.keys):
        outcome = attempt(message_id, {}, Message.lease_id == lease.id)
        in_a_row = in_a_row + 1 if outcome is not None and outcome.is_away else 0
        if in_a_row == AWAY_AFTER:
            # Each of the others would wait for a time-out, and hold up the worker.
            leases.end(lease)
            return 0
    return len(lease.keys)


def forget_old() -> int:
    """Delete the records of mails that are older than the setting ``kept_days``."""
    before = utc_now() - timedelta(days=current_settings(NotificationsSettings).kept_days)
    old = sa.select(Message.id).where(Message.created_at < before, Message.status != "pending")
    deleted = session.execute(
        sa.delete(Message)
        .where(Message.id.in_(old.limit(FORGOTTEN_AT_ONCE)))
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    return len(deleted.all())
