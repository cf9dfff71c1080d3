"""Input of the services, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NewReview:
    """A review to create.

    Args:
        variant_id: The variant.
        text: The customer's text.
        metadata: The client's key-value pairs.
    """

    variant_id: UUID
    text: str
    metadata: Mapping[str, str] = field(default_factory=dict)
