"""The contract ``mailer``: sends one mail, through a mail server or elsewhere."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

ANSWERS: Final = "one"
REMOTE: Final = ("send",)
"""Methods that may ask another machine."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to one recipient. No header has a line break.

    Args:
        message_id: Without angle brackets. A mail that is sent again has the same one.
        created_at: When it was requested (aware).
        to: Address of the recipient, as its owner wrote it.
        reply_to: Where answers go; None for the sender.
        subject: One line.
        text: The mail as plain text.
        html: The same as a document of HTML.
    """

    message_id: str
    created_at: datetime
    to: str
    reply_to: str | None
    subject: str
    text: str
    html: str


class Rejected(Exception):
    """The mail cannot be sent, now or later."""


class Unavailable(Exception):
    """The mail was not sent; a later attempt may succeed."""


class Uncertain(Exception):
    """The mail was handed over, and no answer came: it may have been sent."""


class Mailer(Protocol):
    """Sends mails."""

    def send(self, mail: Mail) -> None:
        """Send a mail. It is called outside of a transaction.

        Raises:
            Rejected: It cannot be sent.
            Unavailable: It was not sent; it is to be tried again later.
            Uncertain: It may have been sent.
        """
        ...
