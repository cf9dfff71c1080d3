"""Validation of e-mail addresses."""

from email.errors import HeaderParseError, InvalidHeaderDefect
from email.headerregistry import Address
from email.policy import SMTP

from mercato_kit.hosts import is_host
from mercato_kit.identity import canonical_email

LONGEST = 254

_UNPARSABLE = (HeaderParseError, AttributeError, IndexError, TypeError, ValueError)
"""What the parsers of Python's ``email`` raise for a malformed address."""


def is_deliverable(email: str) -> bool:
    """Return whether *email* is a valid mail recipient whose canonical form can be stored."""
    try:
        address = Address(addr_spec=email)
    except _UNPARSABLE:
        return False
    return bool(address.domain) and len(canonical_email(email)) <= LONGEST


def is_sender(text: str) -> bool:
    """Return whether *text* is one address, with or without a name: ``Shop <shop@shop.tld>``."""
    try:
        header = SMTP.header_factory("From", text)
    except _UNPARSABLE:
        return False
    # The parser repairs what it can, such as a missing `>`.
    is_broken = any(isinstance(defect, InvalidHeaderDefect) for defect in header.defects)
    if is_broken or len(header.addresses) != 1 or not text.isprintable():
        return False
    [address] = header.addresses
    return is_deliverable(address.addr_spec) and is_host(address.domain)
