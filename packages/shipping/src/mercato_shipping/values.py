"""Input of the services, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True, slots=True, order=True)
class NewArea:
    """A country, or the postal codes of one that begin alike.

    Args:
        country: ISO 3166-1 alpha-2 or XK; ``*`` for all that no zone names.
        postal_prefix: Upper-case letters and digits; empty for the whole country.
    """

    country: str
    postal_prefix: str = ""


@dataclass(frozen=True, slots=True)
class NewRate:
    """A price, and which baskets it is for.

    Args:
        currency: ISO 4217 code.
        amount: Minor units.
        from_amount: What the goods cost at least, in minor units.
        up_to_grams: What they weigh at most; None for any weight.
    """

    currency: str
    amount: int
    from_amount: int = 0
    up_to_grams: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMethod:
    """A way to send goods into a zone.

    Args:
        code: Unique in the zone.
        label: Its name, for customers.
        rates: Its prices.
        tax_code: Tax category; None for the standard rate.
        days_min: Estimated days until delivery, at least.
        days_max: Estimated days until delivery, at most.
    """

    code: str
    label: str
    rates: Sequence[NewRate]
    tax_code: str | None = None
    days_min: int | None = None
    days_max: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewZone:
    """Areas with the same methods.

    Args:
        code: Unique.
        areas: Where it is.
        methods: In the order in which customers see them; none where nothing is sent.
        metadata_: The client's key-value pairs; None to keep those of the zone.
    """

    code: str
    areas: Sequence[NewArea]
    methods: Sequence[NewMethod] = ()
    metadata_: Mapping[str, str] | None = field(default=None, compare=False)


class Imported(NamedTuple):
    """What an import does: zones that are created, changed, and already as they should be."""

    created: int
    changed: int
    unchanged: int
