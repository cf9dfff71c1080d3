"""The manifest of the feature ``reviews``."""

from pathlib import Path

from mercato_contracts.catalog import Catalog
from mercato_contracts.orders import Orders
from mercato_kit.feature import Feature, Need, SoftReference
from mercato_kit.identity import IdentityProvider
from mercato_reviews.expansions import EXPANSIONS
from mercato_reviews.models import Base, Review, Summary
from mercato_reviews.permissions import PERMISSIONS
from mercato_reviews.privacy import PERSONAL_DATA
from mercato_reviews.routes import blueprint
from mercato_reviews.sample_data import make_sample_data
from mercato_reviews.settings import ReviewsSettings

feature = Feature(
    name="reviews",
    summary="Reviews: ratings and texts of buyers, shown with products.",
    blueprints=[blueprint],
    metadata=Base.metadata,
    migrations=Path(__file__).parent / "migrations" / "versions",
    references=[
        SoftReference(Review.product_id, Catalog, "product", "needs_target"),
        SoftReference(Review.author_id, IdentityProvider, "subject", "needs_target"),
        SoftReference(Summary.product_id, Catalog, "product", "needs_target"),
    ],
    needs=[Need(Catalog, ">=1,<2"), Need(Orders, ">=1,<2", at_least=0)],
    expansions=EXPANSIONS,
    settings=ReviewsSettings,
    permissions=PERMISSIONS,
    personal_data=PERSONAL_DATA,
    sample_data=make_sample_data,
)
