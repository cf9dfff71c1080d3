"""The mails in the folder, for the pages at /mailbox."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8
from email.utils import parsedate_to_datetime
from pathlib import Path
from uuid import UUID

from mercato_kit.errors import NotFound
from mercato_kit.settings import current_settings
from mercato_notifications.settings import NotificationsSettings

SHOWN = 200
"""How many mails are listed: the newest ones."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail in the folder."""

    id: UUID
    to: str
    sender: str
    subject: str
    sent_at: datetime
    text: str
    html: str


def list_letters() -> list[Letter]:
    """Return the newest mails, newest first.

    Raises:
        NotFound: The mailbox is off.
    """
    return [_read(path) for path in sorted(_files(), reverse=True)[:SHOWN]]


def find_letter(letter_id: UUID) -> Letter:
    """Return a mail.

    Raises:
        NotFound: There is none of this id, or the mailbox is off.
    """
    for path in _files():
        if path.stem == str(letter_id):
            return _read(path)
    raise NotFound


def _files() -> Iterator[Path]:
    settings = current_settings(NotificationsSettings)
    if not (settings.mailbox and settings.mail == "folder"):
        raise NotFound
    for path in Path(settings.mail_folder).glob("*.eml"):
        # A mail that is being written begins with a dot.
        if not path.name.startswith("."):
            yield path


def _read(path: Path) -> Letter:
    message = message_from_bytes(path.read_bytes(), EmailMessage, policy=SMTPUTF8)
    return Letter(
        id=UUID(path.stem),
        to=str(message["To"]),
        sender=str(message["From"]),
        subject=str(message["Subject"]),
        sent_at=parsedate_to_datetime(str(message["Date"])),
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return "" if part is None else str(part.get_content())
