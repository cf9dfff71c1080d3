"""What reviews add to products."""

from mercato_contracts.catalog import Catalog
from mercato_kit.feature import Expansion
from mercato_reviews.schemas import SummarySchema
from mercato_reviews.services import read_summaries

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
