"""What makes two spellings of an e-mail address the same account."""

import unicodedata
from email.errors import HeaderParseError
from email.headerregistry import Address

LONGEST = 254


def canonical(email: str) -> str:
    """Return the form of *email* that tells accounts apart: NFKC, case folded, trimmed."""
    folded = unicodedata.normalize("NFKC", email).casefold()
    return unicodedata.normalize("NFKC", folded).strip()


def is_deliverable(email: str) -> bool:
    """Tell whether mail can be addressed to *email*, and its canonical form be stored."""
    try:
        address = Address(addr_spec=email)
    except (HeaderParseError, ValueError, IndexError):
        return False
    return bool(address.domain) and len(canonical(email)) <= LONGEST
