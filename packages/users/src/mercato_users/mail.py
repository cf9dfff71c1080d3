"""Send mails: to the console, a folder or an SMTP server."""

import smtplib
import ssl
import sys
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, EmailPolicy
from email.utils import format_datetime
from pathlib import Path
from uuid import UUID

from mercato_kit.emails import parse
from mercato_kit.files import PRIVATE_FOLDER, private
from mercato_kit.settings import current_settings
from mercato_users.emails import parse_sender
from mercato_users.settings import UsersSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail to one recipient.

    Args:
        id: Id of the event that caused it. A mail sent twice after a crash has the same Message-ID.
        sent_at: When the mail was requested.
        to: Address of the recipient, as its owner wrote it.
        subject: Subject, one line.
        text: Plain text.
    """

    id: UUID
    sent_at: datetime
    to: str
    subject: str
    text: str


def send(mail: Mail) -> None:
    """Send *mail* as the setting ``mail`` says.

    Raises:
        OSError: The server or the folder cannot be reached, or refuses the mail.
    """
    settings = current_settings(UsersSettings)
    message = render(mail, settings.mail_from)
    if settings.mail == "smtp":
        _to_server(message, settings)
    elif settings.mail == "folder":
        _to_folder(message, Path(settings.mail_folder), f"{mail.id}.eml")
    else:
        _to_console(mail)


def render(mail: Mail, sender: str) -> EmailMessage:
    """Return *mail* as an RFC 5322 message.

    The policy refuses line breaks in headers, so no value can inject a header or a recipient. A
    part before the @ that is not in ASCII needs a server with SMTPUTF8 (RFC 6531).
    """
    mailbox, author = parse(mail.to).mailbox, parse_sender(sender)
    in_ascii = mailbox.isascii() and author.addr_spec.isascii()
    message = EmailMessage(policy=SMTP if in_ascii else SMTPUTF8)
    message["From"] = author
    local, _, domain = mailbox.rpartition("@")
    message["To"] = Address(username=local, domain=domain)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.sent_at)
    message["Message-ID"] = f"<{mail.id}@mercato>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    return message


def _to_server(message: EmailMessage, settings: UsersSettings) -> None:
    with smtplib.SMTP(
        settings.smtp_host, settings.smtp_port, timeout=settings.smtp_timeout_seconds
    ) as server:
        if settings.smtp_starttls:
            server.starttls(context=ssl.create_default_context())
        if settings.smtp_username is not None and settings.smtp_password is not None:
            server.login(settings.smtp_username, settings.smtp_password.reveal())
        server.ehlo_or_helo_if_needed()
        if _needs_smtputf8(message) and not server.has_extn("smtputf8"):
            raise smtplib.SMTPNotSupportedError(
                "the mail server does not offer SMTPUTF8 (RFC 6531), which an address needs that "
                "is not in ASCII before the @; the mail waits for a server that does"
            )
        server.send_message(message)


def _needs_smtputf8(message: EmailMessage) -> bool:
    return isinstance(message.policy, EmailPolicy) and message.policy.utf8


def _to_folder(message: EmailMessage, folder: Path, name: str) -> None:
    """Write a file atomically; only its owner can read it, since its links log people in."""
    folder.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
    unfinished = folder / f".{name}"
    with open(unfinished, "wb", opener=private) as file:
        file.write(message.as_bytes())
    unfinished.replace(folder / name)


def _to_console(mail: Mail) -> None:
    rule = "-" * 72
    sys.stdout.write(
        f"{rule}\nTo: {mail.to}\nSubject: {mail.subject}\n\n{mail.text.rstrip()}\n{rule}\n"
    )
    sys.stdout.flush()
