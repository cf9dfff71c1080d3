"""Print mails, for development."""

import sys

from mercato_contracts.mailer import Mail
from mercato_notifications.settings import NotificationsSettings

_RULE = "-" * 72


def print_mail(mail: Mail, _settings: NotificationsSettings) -> None:
    """Print recipient, subject and text of a mail."""
    text = mail.text.rstrip()
    sys.stdout.write(f"{_RULE}\nTo: {mail.to}\nSubject: {mail.subject}\n\n{text}\n{_RULE}\n")
    sys.stdout.flush()
