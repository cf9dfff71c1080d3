"""Fields for codes, handles, amounts and URLs."""

import re
from typing import Any
from urllib.parse import urlsplit

import marshmallow as ma
from marshmallow import validate

from mercato_contracts.money import EXPONENTS
from mercato_kit.db import MAX_SAFE_INTEGER
from mercato_kit.schemas import Integer, Line, Message, StandardCode, Text

MAX_UNITS = 1_000_000_000
"""Upper limit of quantities; fits an INTEGER column."""

_HTTP_URL = validate.URL(schemes={"http", "https"}, require_tld=False)
_UNSAFE_URL = Message("Not a valid URL.", "format")
_WRONG_CHECK_DIGIT = Message("Not a valid GTIN: the check digit is wrong.", "format")
_SAFE_CHARACTERS = re.compile(r"[^\s\"'<>\\^`{|}]+")


class Currency(StandardCode):
    """An ISO 4217 code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(EXPONENTS, "ISO 4217", **kwargs)


class Amount(Integer):
    """An amount of money in minor units, 0 or more."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min=0, max=MAX_SAFE_INTEGER, **kwargs)


class Handle(Text):
    """A name in URLs: lower-case letters, digits and single hyphens."""

    def __init__(self, **kwargs: Any) -> None:
        pattern = validate.Regexp(
            r"[a-z0-9]+(-[a-z0-9]+)*\Z",
            error="Not a valid handle: use a-z, 0-9 and single hyphens.",
        )
        super().__init__(min=1, max=80, validate=pattern, **kwargs)


class Name(Line):
    """A non-empty line of text without white space at its ends."""

    def __init__(self, *, max: int = 200, **kwargs: Any) -> None:  # noqa: A002
        pattern = validate.Regexp(
            r"\S(.*\S)?\Z", error="Not a valid text: remove white space at the ends."
        )
        super().__init__(min=1, max=max, validate=pattern, **kwargs)


class Code(Text):
    """A code of visible ASCII characters, with spaces only inside."""

    def __init__(self, *, max: int, **kwargs: Any) -> None:  # noqa: A002
        pattern = validate.Regexp(
            r"[!-~]([ -~]*[!-~])?\Z",
            error="Not a valid code: use visible ASCII characters, without spaces at the ends.",
        )
        super().__init__(min=1, max=max, validate=pattern, **kwargs)


class Gtin(Text):
    """A Global Trade Item Number: 8, 12, 13 or 14 digits with a check digit."""

    def __init__(self, **kwargs: Any) -> None:
        pattern = validate.Regexp(
            r"([0-9]{8}|[0-9]{12,14})\Z", error="Not a valid GTIN: 8, 12, 13 or 14 digits."
        )
        super().__init__(max=14, validate=[pattern, _check_gtin], **kwargs)


class Address(Text):
    """An http or https URL that is safe in HTML without quoting."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min=1, max=2000, validate=_check_address, **kwargs)


def one_of(*values: str, **kwargs: Any) -> Text:
    """Return a text field that accepts one of *values*."""
    return Text(max=max(map(len, values)), validate=validate.OneOf(values), **kwargs)


def _check_gtin(digits: str) -> None:
    """Check the check digit.

    Source: GS1 General Specifications, check digit modulo 10: weights 3, 1, 3, 1, ... from the
    digit before the last one leftwards; with the last one the sum is a multiple of 10.
    """
    if not digits.isdecimal() or not digits.isascii():
        return
    weighted = (int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits[::-1]))
    if sum(weighted) % 10:
        raise ma.ValidationError(_WRONG_CHECK_DIGIT)


def _check_address(url: str) -> None:
    """Check that a value is a URL without characters that browsers treat specially."""
    try:
        # urlsplit().port raises ValueError for an invalid port.
        is_safe = _SAFE_CHARACTERS.fullmatch(_HTTP_URL(url)) and urlsplit(url).port != 0
    except ValueError:
        is_safe = False
    if not is_safe:
        raise ma.ValidationError(_UNSAFE_URL)
