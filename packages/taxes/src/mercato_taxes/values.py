"""Input of the services, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRate:
    """A rate to create; its members are those of :class:`mercato_taxes.models.Rate`."""

    country: str
    tax_code: str
    code: str
    label: str
    ppm: int
    valid_from: datetime
    region: str = ""
    reason: str = "standard"
    valid_until: datetime | None = None
    metadata_: Mapping[str, str] = field(default_factory=dict)


class Imported(NamedTuple):
    """What an import does: rates that are created, changed, and already as they should be."""

    created: int
    changed: int
    unchanged: int
