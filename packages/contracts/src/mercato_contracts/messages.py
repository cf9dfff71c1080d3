"""The contract ``messages``: mails are written from templates, and sent.

A template is called ``<feature>.<name>``. It is three files, in the folder that the feature's
manifest names as ``mails``: ``<language>/<name>.subject.txt``, ``.txt`` and ``.html``.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

ANSWERS: Final = "one"


class NotSentError(Exception):
    """A mail with secrets was not sent; the call is to be repeated later."""


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop, as mails present it.

    Args:
        name: Its name.
        url: The URL of its pages, which links begin with.
    """

    name: str
    url: str


class Messages(Protocol):
    """Writes and sends mails."""

    def shop(self) -> Shop:
        """Return the shop that mails are from. No statement."""
        ...

    def post(
        self,
        key: str,
        template: str,
        to: str,
        locale: str | None,
        context: Mapping[str, Any],
        secrets: Collection[str] = (),
        subject: UUID | None = None,
    ) -> None:
        """Send a mail, once by template and key.

        Without secrets, it is stored in the caller's transaction, and sent later. With secrets, it
        is sent before this returns, since secrets are never stored: call it from a remote handler
        of an event, outside of a transaction. The handler is repeated until the mail is sent, or
        is given up after three days.

        Args:
            key: Identifies the mail among those of its template, such as the id of an event.
            template: ``<feature>.<name>``.
            to: Address of the recipient, as its owner wrote it.
            locale: The recipient's language (BCP 47); None if it is not known.
            context: JSON values for the template, by name.
            secrets: Names of the values in *context* that are secret, such as the token of a link.
            subject: The account that the mail is about.

        Raises:
            NotSentError: It has secrets and was not sent: let the handler fail with it.
        """
        ...
