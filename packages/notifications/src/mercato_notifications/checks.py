"""Checks at the start of the app and in `mercato doctor`, and gauges of `/metrics`."""

from datetime import timedelta

import sqlalchemy as sa

from mercato_contracts.mailer import Mailer, Unavailable
from mercato_kit.db import session, utc_now
from mercato_kit.feature import Check, Gauge
from mercato_kit.services import chosen
from mercato_kit.settings import current_settings
from mercato_notifications.mailers.smtp import connected
from mercato_notifications.models import Message
from mercato_notifications.settings import NotificationsSettings

LATE = timedelta(hours=1)
OWN = "notifications"


def check_mailer() -> str | None:
    """Find a setting ``mail`` that does not fit the mailer that answers."""
    mail, mailer = current_settings(NotificationsSettings).mail, chosen(Mailer)
    is_own = mailer is not None and mailer.name == OWN
    if mail == "other" and is_own:
        return 'mail = "other", but [capabilities] mailer names no other feature'
    if mail != "other" and not is_own:
        return f'mail = "{mail}" has no effect: [capabilities] mailer names another feature'
    return None


def check_login() -> str | None:
    """Find a user name without a password, or the reverse: mails would be sent without a login."""
    settings = current_settings(NotificationsSettings)
    if (settings.smtp_username is None) == (settings.smtp_password is None):
        return None
    missing = "smtp_username" if settings.smtp_username is None else "smtp_password"
    return f"the mail server needs both name and password, and {missing} is not set"


def check_mailbox() -> str | None:
    """Find the setting ``mailbox`` where mails are not written to a folder."""
    settings = current_settings(NotificationsSettings)
    if not settings.mailbox or settings.mail == "folder":
        return None
    return f'it shows the mails of mail = "folder", and mail = "{settings.mail}"'


def check_server() -> str | None:
    """Find a mail server that cannot be used."""
    settings = current_settings(NotificationsSettings)
    if settings.mail != "smtp":
        return None
    try:
        with connected(settings) as server:
            server.noop()
    except Unavailable as error:
        return str(error)
    return None


def check_failed() -> str | None:
    """Find mails that were not sent, or may not have been."""
    count = count_failed()
    what = "1 mail was not sent" if count == 1 else f"{count} mails were not sent"
    return f"{what}: mercato notifications list --status failed" if count else None


def check_waiting() -> str | None:
    """Find mails that have waited for more than an hour."""
    count = _count(Message.status == "pending", Message.created_at < utc_now() - LATE)
    what = "1 mail waits" if count == 1 else f"{count} mails wait"
    fix = "mercato notifications list --status pending"
    return f"{what} for more than an hour: {fix}" if count else None


def count_waiting() -> int:
    """Return how many mails wait to be sent."""
    return _count(Message.status == "pending")


def count_failed() -> int:
    """Return how many mails were not sent, or may not have been."""
    return _count(Message.status.in_(("failed", "uncertain")))


def _count(*conditions: sa.ColumnElement[bool]) -> int:
    counted = sa.select(sa.func.count()).select_from(Message).where(*conditions)
    return session.scalar(counted) or 0


STARTUP = [
    Check("mail", check_mailer),
    Check("mailbox", check_mailbox),
    Check("smtp_username", check_login),
]

DOCTOR = [
    Check("mail_server", check_server),
    Check("mails_failed", check_failed),
    Check("mails_waiting", check_waiting),
]

GAUGES = [
    Gauge("mails_waiting", "Mails that wait to be sent", count_waiting),
    Gauge("mails_failed", "Mails that were not sent, or may not have been", count_failed),
]
