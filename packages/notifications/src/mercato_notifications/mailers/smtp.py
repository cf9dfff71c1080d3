"""Send mails through a mail server (RFC 5321)."""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from email.message import EmailMessage
from typing import Final

from mercato_contracts.mailer import Mail, Rejected, Unavailable, Uncertain
from mercato_notifications.letters import message_of, needs_smtputf8
from mercato_notifications.settings import NotificationsSettings

PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}

_PERMANENT, _OK, _GO_ON = 500, 250, 354
_ADDRESS = re.compile(r"\S+@\S+")
_DOTS = re.compile(rb"^\.", re.MULTILINE)


def send_mail(mail: Mail, settings: NotificationsSettings) -> None:
    """Send a mail.

    Raises:
        Rejected: The server refuses the recipient, or the mail, for good.
        Unavailable: The server cannot be reached, or refuses for now.
        Uncertain: The server had the mail and did not answer.
        ValueError: A header is malformed.
    """
    message = message_of(mail, settings.mail_from)
    with connected(settings) as server:
        server.ehlo_or_helo_if_needed()
        options = _options(server, message)
        _require(server.mail(_address(message, "From"), options), can_be_final=False)
        _require(server.rcpt(_address(message, "To")), ok=(_OK, 251))
        _hand_over(server, message)


@contextmanager
def connected(settings: NotificationsSettings) -> Iterator[smtplib.SMTP]:
    """Connect to the mail server, encrypt the connection and log in.

    Raises:
        Unavailable: One of these fails.
    """
    with ExitStack() as afterwards:
        try:
            server = _connect(settings)
            afterwards.callback(_leave, server)
            if settings.smtp_security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if settings.smtp_username is not None and settings.smtp_password is not None:
                server.login(settings.smtp_username, settings.smtp_password.reveal())
            yield server
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(_said(error)) from error


def _leave(server: smtplib.SMTP) -> None:
    """Send QUIT. Its answer does not matter: the server has already answered about the mail."""
    with suppress(OSError, smtplib.SMTPException):
        server.quit()
    server.close()


def _connect(settings: NotificationsSettings) -> smtplib.SMTP:
    host, port = settings.smtp_host, settings.smtp_port or PORTS[settings.smtp_security]
    seconds = settings.smtp_timeout_seconds
    if settings.smtp_security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port, timeout=seconds, context=context)
    return smtplib.SMTP(host, port, timeout=seconds)


def _options(server: smtplib.SMTP, message: EmailMessage) -> list[str]:
    if not needs_smtputf8(message):
        return []
    if not server.has_extn("smtputf8"):
        raise Unavailable(
            "the mail server does not offer SMTPUTF8 (RFC 6531), which an address needs that "
            "is not in ASCII before the @; the mail waits for a server that does"
        )
    return ["SMTPUTF8"]


def _hand_over(server: smtplib.SMTP, message: EmailMessage) -> None:
    """Send the content. From its last line on, the server may have taken it."""
    _require(server.docmd("DATA"), ok=(_GO_ON,))
    try:
        server.send(_DOTS.sub(b"..", message.as_bytes()) + b".\r\n")
        answer = server.getreply()
    except (OSError, smtplib.SMTPException) as error:
        raise Uncertain("the mail server did not answer after it had the mail") from error
    _require(answer)


def _require(
    answer: tuple[int, bytes], *, ok: tuple[int, ...] = (_OK,), can_be_final: bool = True
) -> None:
    """Check an answer of the server.

    Args:
        answer: Code and text.
        ok: The codes of success.
        can_be_final: Whether a refusal is about this mail alone; a refused sender is about all.
    """
    code, text = answer
    if code in ok:
        return
    what = f"the mail server answered {code} {_readable(text)}"
    if code >= _PERMANENT and can_be_final:
        raise Rejected(what)
    raise Unavailable(what)


def _address(message: EmailMessage, header: str) -> str:
    [address] = message[header].addresses
    return str(address.addr_spec)


def _said(error: OSError | smtplib.SMTPException) -> str:
    """Return why the connection failed; without an address of a person."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the mail server answered {error.smtp_code} {_readable(error.smtp_error)}"
    return f"the mail server cannot be used: {type(error).__name__}: {_readable(str(error))}"


def _readable(text: bytes | str) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    # Servers repeat the address, which does not belong in logs.
    return _ADDRESS.sub("<address>", " ".join(said.split()))[:200]
