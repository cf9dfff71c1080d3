"""E-mail addresses: kept as they were written, compared and mailed to in standard forms.

The part before the @ is compared in small letters, but never folded: ``ß`` is not ``ss``, and a
letter of full width is not the plain one. The domain is compared and mailed to as its A-label (IDNA
2008): ``bücher.example`` is ``xn--bcher-kva.example``.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

LONGEST = 254
"""Characters of an address, as written and with the A-label (RFC 5321)."""


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """One address in three forms.

    Args:
        written: As its owner wrote it, in NFC. Store and show this one.
        canonical: Equal for all spellings of the address. For comparisons and keys only.
        mailbox: What mail is sent to: the part before the @ as written, and the A-label.
    """

    written: str
    canonical: str
    mailbox: str


@lru_cache(maxsize=1024)
def parse(text: str) -> EmailAddress:
    """Return the forms of an address that mail can be sent to.

    Quoted parts before the @, IP addresses behind it, and domains that exist in private networks
    only are refused.

    Raises:
        ValueError: It is no such address; with the reason.
    """
    # Importing takes longer than all the rest of the kit's schemas, and most commands read no
    # address.
    from email_validator import validate_email  # noqa: PLC0415

    if len(text) > 4 * LONGEST:
        raise ValueError("the address is too long")
    written = unicodedata.normalize("NFC", text)
    # "Test environment" accepts the top-level domain `test` (RFC 6761).
    found = validate_email(written, check_deliverability=False, test_environment=True)
    local = written.rpartition("@")[0]
    canonical = unicodedata.normalize("NFC", local.lower())
    return EmailAddress(
        written, f"{canonical}@{found.ascii_domain}", f"{local}@{found.ascii_domain}"
    )


def canonical_email(text: str) -> str:
    """Return the canonical form of what may be an address, without the white space around it.

    Text that is no address is returned as it is, and so equals no address.
    """
    try:
        return parse(text.strip()).canonical
    except ValueError:
        return text


def ascii_domain(domain: str) -> str:
    """Return *domain*, a name or an address of a host, with A-labels.

    Raises:
        ValueError: IDNA 2008 refuses it.
    """
    import idna  # noqa: PLC0415 - as above

    return domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
