"""List, show and resend mails, and try the mailer: what operators do."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.mailer import Mail, Mailer
from mercato_kit.db import found, new_id, session, utc_now
from mercato_kit.errors import Conflict
from mercato_kit.services import get
from mercato_kit.settings import current_settings
from mercato_notifications.models import Message
from mercato_notifications.settings import NotificationsSettings

LISTED = 1_000


def list_messages(status: str | None = None) -> Sequence[Message]:
    """Return mails, newest first: 1,000 at most.

    Args:
        status: Only those of this status.
    """
    wanted = sa.true() if status is None else Message.status == status
    newest = sa.select(Message).where(wanted).order_by(Message.id.desc()).limit(LISTED)
    return session.scalars(newest).all()


def find_message(message_id: UUID) -> Message:
    """Return a mail.

    Raises:
        NotFound: There is none of this id.
    """
    return found(session.get(Message, message_id))


def resend(message_id: UUID) -> Message:
    """Let the worker send a mail again, now and at the usual intervals.

    One that was sent gets another Message-ID, since mail servers drop what they have seen.

    Raises:
        NotFound: There is none of this id.
        Conflict: Its secrets were not stored.
    """
    message = find_message(message_id)
    if message.has_secrets:
        raise Conflict("Its links were not stored: let the customer ask for another one.")
    if message.status in ("sent", "uncertain"):
        message.message_id = f"{new_id()}@{current_settings(NotificationsSettings).sender_domain}"
    now = utc_now()
    message.status, message.attempts, message.last_error = "pending", 0, None
    message.may_have_arrived, message.sent_at = False, None
    message.next_attempt_at = message.created_at = now
    return message


def send_test(address: str) -> str:
    """Send a mail to *address* at once, in no transaction, and return its Message-ID.

    Raises:
        Rejected: It cannot be sent.
        Unavailable: The mailer cannot be used.
        Uncertain: The mailer did not answer.
    """
    from mercato_notifications.rendering import render  # noqa: PLC0415

    settings = current_settings(NotificationsSettings)
    content = render("notifications.test", settings.locale, {})
    message_id = f"{new_id()}@{settings.sender_domain}"
    get(Mailer).send(
        Mail(
            message_id=message_id,
            created_at=utc_now(),
            to=address,
            reply_to=settings.reply_to,
            subject=content.subject,
            text=content.text,
            html=content.html,
        )
    )
    return message_id
