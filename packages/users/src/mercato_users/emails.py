"""Which e-mail addresses an account may have."""

from email.errors import HeaderParseError
from email.headerregistry import Address

from mercato_kit.identity import canonical_email

LONGEST = 254


def is_deliverable(email: str) -> bool:
    """Tell whether mail can be addressed to *email*, and its canonical form be stored."""
    try:
        address = Address(addr_spec=email)
    except (HeaderParseError, ValueError, IndexError):
        return False
    return bool(address.domain) and len(canonical_email(email)) <= LONGEST
