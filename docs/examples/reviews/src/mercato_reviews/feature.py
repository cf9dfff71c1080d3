"""The manifest of the feature ``reviews``."""

from pathlib import Path

from mercato_contracts.catalog import Catalog
from mercato_kit.feature import Feature, Need
from mercato_reviews.events import HANDLES
from mercato_reviews.models import Base
from mercato_reviews.permissions import PERMISSIONS
from mercato_reviews.privacy import PERSONAL_DATA
from mercato_reviews.routes import blueprint
from mercato_reviews.sample_data import make_sample_data
from mercato_reviews.settings import ReviewsSettings

feature = Feature(
    name="reviews",
    summary="Reviews of customers, one per variant.",
    blueprints=[blueprint],
    metadata=Base.metadata,
    migrations=Path(__file__).parent / "migrations" / "versions",
    needs=[Need(Catalog, ">=1,<2")],
    handles=HANDLES,
    settings=ReviewsSettings,
    permissions=PERMISSIONS,
    personal_data=PERSONAL_DATA,
    sample_data=make_sample_data,
)
