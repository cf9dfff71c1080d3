"""Post mails: store them to be sent later, or send them at once with their secrets."""

from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.messages import NotSentError
from mercato_kit import work
from mercato_kit.db import insert, new_id, session, utc_now
from mercato_kit.emails import canonical_email
from mercato_kit.settings import current_settings
from mercato_notifications.locales import LAST, is_locale
from mercato_notifications.models import Message
from mercato_notifications.services.attempts import attempt
from mercato_notifications.settings import NotificationsSettings
from mercato_notifications.templates import current_templates
from mercato_notifications.values import Posted


def post(posted: Posted) -> None:
    """Store a mail, or send it at once if it has secrets.

    Raises:
        NoTemplateError: There is no such template.
        NotSentError: It has secrets and was not sent; it is to be posted again.
        RuntimeError: It has secrets, and a unit of work is running.
    """
    current_templates().choose(posted.template, [LAST])
    if not posted.secrets:
        work.run(lambda: store(posted))
        return
    work.require_none("post() with secrets")
    message_id = work.run(lambda: store(posted))
    outcome = attempt(message_id, {name: posted.context[name] for name in posted.secrets})
    if outcome is not None and outcome.status == "pending":
        raise NotSentError(outcome.error)


def store(posted: Posted) -> UUID:
    """Insert the row of a mail, unless it is there, and return its id."""
    now, message_id = utc_now(), new_id()
    domain = current_settings(NotificationsSettings).sender_domain
    dedupe_key = f"{posted.template}:{posted.key}"
    session.execute(
        insert(Message)
        .values(
            id=message_id,
            dedupe_key=dedupe_key,
            message_id=f"{message_id}@{domain}",
            template=posted.template,
            recipient=posted.to,
            recipient_key=canonical_email(posted.to),
            locale=posted.locale if is_locale(posted.locale or "") else None,
            context={k: v for k, v in posted.context.items() if k not in posted.secrets},
            has_secrets=bool(posted.secrets),
            subject_id=posted.subject,
            next_attempt_at=None if posted.secrets else now,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["dedupe_key"])
    )
    stored = sa.select(Message.id).where(Message.dedupe_key == dedupe_key)
    return session.scalars(stored).one()
