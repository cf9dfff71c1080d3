"""Validation of e-mail addresses."""

from email.errors import HeaderParseError
from email.headerregistry import Address

from mercato_kit.identity import canonical_email

LONGEST = 254


def is_deliverable(email: str) -> bool:
    """Return whether *email* is a valid mail recipient whose canonical form can be stored."""
    try:
        address = Address(addr_spec=email)
    except (HeaderParseError, ValueError, IndexError):
        return False
    return bool(address.domain) and len(canonical_email(email)) <= LONGEST
