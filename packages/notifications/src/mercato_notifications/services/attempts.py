"""One attempt to send a mail: it is counted, made, and recorded."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.mailer import Mail, Mailer, Rejected, Unavailable, Uncertain
from mercato_kit import work
from mercato_kit.db import session, utc_now
from mercato_kit.services import get
from mercato_kit.settings import current_settings
from mercato_notifications.models import Message
from mercato_notifications.settings import NotificationsSettings

PAUSES: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
)
"""How long after each attempt the next one is made."""

STALE: Final = timedelta(days=3)
"""When a mail is too old to be sent."""

_ERROR_LENGTH = 500


class Outcome(NamedTuple):
    """The result of an attempt.

    Args:
        status: The status of the mail now: ``pending`` if there is to be another attempt.
        error: Why it was not sent, or may not have been; without addresses and secrets.
        is_away: Whether the mailer could not be used.
        may_have_arrived: Whether the mailer did not answer.
    """

    status: str
    error: str | None = None
    is_away: bool = False
    may_have_arrived: bool = False


def attempt(message_id: UUID, secrets: Mapping[str, Any], *guards: Any) -> Outcome | None:
    """Send a mail that is pending. The attempt is counted and committed before.

    Args:
        message_id: Its id.
        secrets: The values that are not stored.
        guards: Conditions that its row must meet.

    Returns:
        The outcome; None if there was nothing to do.
    """
    message = work.run(lambda: _begin(message_id, *guards))
    if message is None:
        return None
    outcome = _settled(message, _make(message, secrets))
    work.run(lambda: _record(message, outcome))
    return outcome


def _begin(message_id: UUID, *guards: Any) -> Message | None:
    """Count an attempt, and return the mail for it; None if it is not pending."""
    message = session.scalar(
        sa.update(Message)
        .where(Message.id == message_id, Message.status == "pending", *guards)
        .values(attempts=Message.attempts + 1)
        .returning(Message)
        .execution_options(synchronize_session=False)
    )
    if message is not None:
        # It is read after the commit, while there is no transaction.
        session.expunge(message)
    return message


def _make(message: Message, secrets: Mapping[str, Any]) -> Outcome:
    if message.created_at < utc_now() - STALE:
        return Outcome("failed", f"stale: it could not be sent in {STALE.days} days")
    try:
        get(Mailer).send(_mail_of(message, secrets))
    except Rejected as error:
        return Outcome("failed", str(error))
    except Uncertain as error:
        return Outcome("pending", str(error), may_have_arrived=True)
    except Unavailable as error:
        return Outcome("pending", str(error), is_away=True)
    except Exception as error:  # noqa: BLE001 - a template or a mailer may fail in any way
        # Its message may contain values of the mail, so it is not kept.
        return Outcome("pending", f"{type(error).__name__} in {message.template}")
    return Outcome("sent")


def _mail_of(message: Message, secrets: Mapping[str, Any]) -> Mail:
    from mercato_notifications.rendering import render  # noqa: PLC0415

    content = render(message.template, message.locale, {**message.context, **secrets})
    return Mail(
        message_id=message.message_id,
        created_at=message.created_at,
        to=message.recipient,
        reply_to=current_settings(NotificationsSettings).reply_to,
        subject=content.subject,
        text=content.text,
        html=content.html,
    )


def _settled(message: Message, outcome: Outcome) -> Outcome:
    """Return the outcome with the status that follows from it and from earlier attempts."""
    is_last = not message.has_secrets and message.attempts > len(PAUSES)
    # A mail that may have arrived is sent one more time, and then no more.
    is_twice = outcome.may_have_arrived and message.may_have_arrived
    is_doubtful = outcome.may_have_arrived or message.may_have_arrived
    if outcome.status == "failed" or is_twice or (outcome.status == "pending" and is_last):
        return outcome._replace(status="uncertain" if is_doubtful else "failed")
    return outcome


def _record(message: Message, outcome: Outcome) -> None:
    """Record the result of an attempt, and end the lease of the row."""
    now = utc_now()
    session.execute(
        sa.update(Message)
        # Another worker may have sent it after this one lost its lease.
        .where(Message.id == message.id, Message.status != "sent")
        .values(
            status=outcome.status,
            last_error=None if outcome.error is None else outcome.error[:_ERROR_LENGTH],
            may_have_arrived=message.may_have_arrived or outcome.may_have_arrived,
            sent_at=now if outcome.status == "sent" else None,
            next_attempt_at=_next_attempt(message, outcome, now),
            leased_until=None,
            lease_id=None,
        )
        .execution_options(synchronize_session=False)
    )


def _next_attempt(message: Message, outcome: Outcome, now: datetime) -> datetime | None:
    """Return when the worker tries again; None if it does not."""
    if outcome.status != "pending" or message.has_secrets:
        return None
    return now + PAUSES[message.attempts - 1]
