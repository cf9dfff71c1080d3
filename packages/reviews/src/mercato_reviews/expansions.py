"""What reviews add to products."""

from mercato_contracts.catalog import Catalog
from mercato_kit.feature import Expansion
from mercato_reviews import services
from mercato_reviews.schemas import SummarySchema

EXPANSIONS = [
    Expansion(
        Catalog,
        "product",
        "reviews",
        SummarySchema,
        "Average rating and number of its published reviews; null if it has none.",
        services.read_summaries,
        public=True,
    )
]
