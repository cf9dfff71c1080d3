"""What the services take."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class NewPart:
    """A part of a new item."""

    label: str
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item to make. ``amount`` is in minor units of ``currency``."""

    code: str
    name: str
    amount: int
    currency: str
    note: str | None = None
    parts: tuple[NewPart, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
