"""The manifest of the feature ``carts``."""

from pathlib import Path

from mercato_carts.events import PUBLISHES
from mercato_carts.jobs import JOBS
from mercato_carts.models import Base, Cart, Line
from mercato_carts.privacy import PERSONAL_DATA
from mercato_carts.routes import blueprint
from mercato_carts.sample_data import make_sample_data
from mercato_carts.settings import CartsSettings
from mercato_contracts.catalog import Catalog
from mercato_contracts.orders import Orders
from mercato_kit.feature import Feature, Need, SoftReference
from mercato_kit.identity import IdentityProvider

feature = Feature(
    name="carts",
    summary="Carts of guests and customers, priced live, and checked out.",
    blueprints=[blueprint],
    metadata=Base.metadata,
    migrations=Path(__file__).parent / "migrations" / "versions",
    references=[
        SoftReference(Cart.customer_id, IdentityProvider, "subject", "keeps_snapshot"),
        SoftReference(Cart.order_id, Orders, "order", "keeps_snapshot"),
        SoftReference(Line.product_id, Catalog, "product", "keeps_snapshot"),
        SoftReference(Line.variant_id, Catalog, "variant", "keeps_snapshot"),
    ],
    needs=[Need(Catalog, ">=1,<2"), Need(Orders, ">=1,<2")],
    publishes=PUBLISHES,
    jobs=JOBS,
    settings=CartsSettings,
    personal_data=PERSONAL_DATA,
    sample_data=make_sample_data,
)
