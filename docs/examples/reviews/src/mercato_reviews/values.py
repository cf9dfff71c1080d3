"""What a client asks for, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NewReview:
    """A review to make.

    Args:
        variant_id: What it is about.
        text: What the customer says.
        metadata: Free data of the client's own.
    """

    variant_id: UUID
    text: str
    metadata: Mapping[str, str] = field(default_factory=dict)
