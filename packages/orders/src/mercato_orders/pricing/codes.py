"""Discount codes in the form in which they are compared."""

from collections.abc import Iterable, Sequence

from mercato_kit.text import canonical_code

LONGEST_CODE = 100
"""Characters of a code; a longer one is unknown."""


def plain_codes(codes: Iterable[str]) -> tuple[str, ...]:
    """Return codes in NFKC, trimmed, in upper case; one that cannot be a code is empty."""
    return tuple(map(_plain, codes))


def _plain(code: str) -> str:
    try:
        plain = canonical_code(code)
    except ValueError:
        return ""
    return plain if len(plain) <= LONGEST_CODE else ""


def repeated(codes: Sequence[str]) -> list[int]:
    """Return the places of codes that stand further ahead, too."""
    return [place for place, code in enumerate(codes) if code in codes[:place]]
