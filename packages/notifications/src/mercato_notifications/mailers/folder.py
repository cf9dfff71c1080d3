"""Write mails to a folder, and delete them there."""

from collections.abc import Iterable
from pathlib import Path

from mercato_contracts.mailer import Mail, Unavailable
from mercato_kit.files import PRIVATE_FOLDER, private
from mercato_notifications.letters import message_of
from mercato_notifications.settings import NotificationsSettings


def write_mail(mail: Mail, settings: NotificationsSettings) -> None:
    """Write a file atomically; only its owner can read it, since its links log people in.

    A mail that is sent again replaces its file.

    Raises:
        Unavailable: The folder cannot be written to.
    """
    folder, name = Path(settings.mail_folder), _name_of(mail.message_id)
    content = message_of(mail, settings.mail_from).as_bytes()
    try:
        folder.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
        unfinished = folder / f".{name}"
        with open(unfinished, "wb", opener=private) as file:
            file.write(content)
        unfinished.replace(folder / name)
    except OSError as error:
        raise Unavailable(f"{folder} cannot be written to: {error.strerror}") from error


def delete_mails(message_ids: Iterable[str], settings: NotificationsSettings) -> None:
    """Delete the files of mails; files that do not exist are skipped."""
    for message_id in message_ids:
        (Path(settings.mail_folder) / _name_of(message_id)).unlink(missing_ok=True)


def _name_of(message_id: str) -> str:
    return f"{message_id.partition('@')[0]}.eml"
