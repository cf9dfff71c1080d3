"""The ways to send mails: through a mail server, to a folder or to the console."""

from mercato_notifications.mailers.console import print_mail
from mercato_notifications.mailers.folder import delete_mails, write_mail
from mercato_notifications.mailers.smtp import send_mail

WAYS = {"smtp": send_mail, "folder": write_mail, "console": print_mail}
"""By the value of the setting ``mail``."""

__all__ = ["WAYS", "delete_mails", "print_mail", "send_mail", "write_mail"]
