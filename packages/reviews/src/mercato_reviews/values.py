"""Input of the services, as plain values."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NewReview:
    """A review to write.

    Args:
        product_id: The product.
        rating: 1 (worst) to 5 (best).
        text: What the author says.
        title: The same in a few words.
        author_name: What readers see as the author; None for nothing.
    """

    product_id: UUID
    rating: int
    text: str
    title: str | None = None
    author_name: str | None = None
