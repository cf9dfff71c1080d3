"""An SMTP server on loopback, which keeps what it receives."""

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from customer import wait_for
from shop import free_port


class Mailbox:
    """Stores the messages that the SMTP server receives."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def handle_DATA(  # noqa: N802 - the name aiosmtpd calls
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Store one message."""
        content = envelope.original_content or b""
        self.messages.append(message_from_bytes(content, policy=policy.default))
        return "250 kept"

    def wait_for(self, address: str) -> str:
        """Wait for a message to *address*, and return the text of the newest."""
        return wait_for(lambda: self._find(address), f"no mail to {address}")

    def _find(self, address: str) -> str | None:
        for message in reversed(self.messages):
            if message["To"] == address:
                return str(message.get_body(("plain",)).get_content())
        return None


@contextmanager
def running_mailbox() -> Iterator[tuple[Mailbox, int]]:
    """Run an SMTP server on loopback; yields its mailbox and its port."""
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield mailbox, controller.port
    finally:
        controller.stop()
