"""The provider of the contract ``mailer``: a mail server, a folder or the console."""

from mercato_contracts.mailer import Mail, Mailer, Rejected
from mercato_kit.settings import current_settings
from mercato_notifications.mailers.console import print_mail
from mercato_notifications.mailers.folder import write_mail
from mercato_notifications.mailers.smtp import send_mail
from mercato_notifications.settings import NotificationsSettings

_WAYS = {"smtp": send_mail, "folder": write_mail, "console": print_mail}


class OwnMailer:
    """Sends mails as the setting ``mail`` says."""

    def send(self, mail: Mail) -> None:
        """Send a mail."""
        settings = current_settings(NotificationsSettings)
        try:
            _WAYS[settings.mail](mail, settings)
        except ValueError as error:
            # What the malformed header is would show the recipient.
            raise Rejected("an address or the subject is malformed") from error


def make_mailer() -> Mailer:
    """Return the provider."""
    return OwnMailer()
