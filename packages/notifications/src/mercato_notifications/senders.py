"""The sender of mails."""

from __future__ import annotations

from email.errors import HeaderParseError, InvalidHeaderDefect
from typing import TYPE_CHECKING

from mercato_kit.emails import ascii_domain
from mercato_kit.hosts import is_host

if TYPE_CHECKING:
    from email.headerregistry import Address

_UNPARSABLE = (HeaderParseError, AttributeError, IndexError, TypeError)
"""What the parsers of Python's ``email`` raise for a malformed address, besides ValueError."""


def parse_sender(text: str) -> Address:
    """Return one address, with or without a name: ``Shop <shop@shop.tld>``.

    Its domain has A-labels, and may be one that exists in a private network only.

    Raises:
        ValueError: *text* is anything else.
    """
    # They take long to import, and a server only needs them for the setting `mail_from`.
    from email.headerregistry import Address  # noqa: PLC0415
    from email.policy import SMTP  # noqa: PLC0415

    try:
        header = SMTP.header_factory("From", text)
    except _UNPARSABLE as error:
        raise ValueError("no address") from error
    # The parser repairs what it can, such as a missing `>`.
    is_broken = any(isinstance(defect, InvalidHeaderDefect) for defect in header.defects)
    if is_broken or len(header.addresses) != 1 or not text.isprintable():
        raise ValueError("not one address")
    [address] = header.addresses
    if not address.domain or not is_host(address.domain):
        raise ValueError("no host behind the @")
    return Address(address.display_name, address.username, ascii_domain(address.domain))
