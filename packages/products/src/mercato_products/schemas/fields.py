"""Fields of a shop: codes, handles and amounts."""

from typing import Any

from marshmallow import validate

from mercato_contracts.money import EXPONENTS
from mercato_kit.db import MAX_SAFE_INTEGER
from mercato_kit.schemas import Integer
from mercato_kit.schemas import Text

MAX_UNITS = 1_000_000_000
"""More of one thing than any building holds; fits a column."""


class Currency(Text):
    """An ISO 4217 code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min=3, max=3, validate=validate.OneOf(sorted(EXPONENTS)), **kwargs)


class Amount(Integer):
    """An amount of money in minor units, 0 or more."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min=0, max=MAX_SAFE_INTEGER, **kwargs)


class Handle(Text):
    """A name for addresses: small letters, digits and single hyphens."""

    def __init__(self, **kwargs: Any) -> None:
        pattern = validate.Regexp(
            r"[a-z0-9]+(-[a-z0-9]+)*\Z",
            error="Not a valid handle: use a-z, 0-9 and single hyphens.",
        )
        super().__init__(min=1, max=80, validate=pattern, **kwargs)


class Name(Text):
    """A text that is neither empty nor blank at its ends."""

    def __init__(self, *, max: int = 200, **kwargs: Any) -> None:  # noqa: A002
        pattern = validate.Regexp(r"\S(.*\S)?\Z", error="Not a valid text: blank at an end.")
        super().__init__(min=1, max=max, validate=pattern, **kwargs)


class Address(Text):
    """An http or https address."""

    def __init__(self, **kwargs: Any) -> None:
        known = validate.URL(schemes={"http", "https"}, require_tld=False)
        super().__init__(min=1, max=2000, validate=known, **kwargs)


def one_of(*values: str, **kwargs: Any) -> Text:
    """Return the field of a text that is one of *values*."""
    return Text(max=max(map(len, values)), validate=validate.OneOf(values), **kwargs)
