"""What reviews add to products."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from mercato_contracts.catalog import Catalog
from mercato_kit.feature import Expansion
from mercato_reviews import services
from mercato_reviews.schemas import SummarySchema


def read_summaries(product_ids: Sequence[UUID]) -> Mapping[UUID, object]:
    """Return average and number of the published reviews of products that have any."""
    return services.read_summaries(product_ids)


EXPANSIONS = [
    Expansion(
        Catalog,
        "product",
        "reviews",
        SummarySchema,
        "Average rating and number of its published reviews; null if it has none.",
        read_summaries,
        public=True,
    )
]
