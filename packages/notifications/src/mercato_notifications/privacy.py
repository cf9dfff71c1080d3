"""Export and erase what mails say of a person."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_notifications.models import Message


def export_subject(subject: UUID) -> dict[str, Any]:
    """Return the mails about a person's account, oldest first."""
    own = sa.select(Message).where(Message.subject_id == subject).order_by(Message.id)
    return {"mails": [_exported(message) for message in session.scalars(own)]}


def erase_subject(subject: UUID) -> None:
    """Delete the mails about a person's account, also those that wait to be sent."""
    session.execute(
        sa.delete(Message)
        .where(Message.subject_id == subject)
        .execution_options(synchronize_session=False)
    )


def _exported(message: Message) -> dict[str, Any]:
    sent = message.sent_at
    return {
        "template": message.template,
        "recipient": message.recipient,
        "locale": message.locale,
        "context": message.context,
        "status": message.status,
        "created_at": message.created_at.isoformat(),
        "sent_at": None if sent is None else sent.isoformat(),
    }
