"""Mails as messages of RFC 5322."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, EmailPolicy
from email.utils import format_datetime

from mercato_contracts.mailer import Mail
from mercato_kit.emails import parse
from mercato_notifications.senders import parse_sender

# A server may lack 8BITMIME (RFC 6152).
_PLAIN, _WIDE = SMTP.clone(cte_type="7bit"), SMTPUTF8.clone(cte_type="7bit")


def message_of(mail: Mail, sender: str) -> EmailMessage:
    """Return *mail* as a message, with its text and its HTML as alternatives.

    The policy refuses line breaks in headers, so no value can inject a header or a recipient. A
    part before the @ that is not in ASCII needs a server with SMTPUTF8 (RFC 6531).

    Raises:
        ValueError: An address is malformed, or a header has a line break.
    """
    author, recipient = parse_sender(sender), _mailbox(mail.to)
    answers = None if mail.reply_to is None else _mailbox(mail.reply_to)
    addresses = [author, recipient, *([answers] if answers else [])]
    is_ascii = all(one.addr_spec.isascii() for one in addresses)
    message = EmailMessage(policy=_PLAIN if is_ascii else _WIDE)
    message["From"], message["To"] = author, recipient
    if answers is not None:
        message["Reply-To"] = answers
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<{mail.message_id}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


def needs_smtputf8(message: EmailMessage) -> bool:
    """Tell whether an address of *message* needs a server with SMTPUTF8."""
    return isinstance(message.policy, EmailPolicy) and message.policy.utf8


def _mailbox(address: str) -> Address:
    """Return an address with the A-label of its domain."""
    local, _, domain = parse(address).mailbox.rpartition("@")
    return Address(username=local, domain=domain)
