"""Export and erase what mails say of a person."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_kit.privacy import Erased, Part, PersonalData, Subject, columns
from mercato_kit.settings import current_settings
from mercato_notifications.mailers import delete_mails
from mercato_notifications.models import Message
from mercato_notifications.settings import NotificationsSettings


def export(subject: Subject) -> Iterator[Part]:
    """Give the mails to the mailbox of a person, oldest first.

    Those about the account to other addresses are left out: what was mailed to an address that a
    person asked for would tell whether it has an account.
    """
    to_mailbox = Message.recipient_key.in_(subject.emails)
    own = sa.select(Message).where(to_mailbox).order_by(Message.id)
    yield Part("mails", [_exported(message) for message in session.scalars(own)])


def erase(subject: Subject) -> Erased:
    """Delete the mails to a person, also those that wait to be sent, and their files."""
    deleted = session.execute(
        sa.delete(Message)
        .where(_is_to(subject))
        .returning(Message.id, Message.message_id)
        .execution_options(synchronize_session=False)
    ).all()
    settings = current_settings(NotificationsSettings)
    if settings.mail == "folder":
        # Before the commit: if it fails, the next run finds the rows, and skips absent files.
        delete_mails([row.message_id for row in deleted], settings)
    return Erased([row.id for row in deleted], {"mails": len(deleted)} if deleted else {})


def _is_to(subject: Subject) -> sa.ColumnElement[bool]:
    to_mailbox = Message.recipient_key.in_(subject.emails)
    if subject.account is None:
        return to_mailbox
    return sa.or_(Message.subject_id == subject.account, to_mailbox)


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


PERSONAL_DATA = PersonalData(
    columns=columns(
        erase=[
            Message.dedupe_key,
            Message.message_id,
            Message.template,
            Message.recipient,
            Message.recipient_key,
            Message.locale,
            Message.context,
            Message.status,
            Message.last_error,
        ]
    ),
    export=export,
    erase=erase,
)
