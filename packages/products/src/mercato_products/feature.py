"""The manifest of the feature ``products``."""

from pathlib import Path

from mercato_contracts.catalog import Catalog
from mercato_contracts.stock import Stock
from mercato_kit.feature import Feature, Offer, Referent, SoftReference
from mercato_kit.identity import IdentityProvider
from mercato_products.cli import commands
from mercato_products.jobs import JOBS
from mercato_products.models import Base, Product, StockMovement, Variant
from mercato_products.permissions import PERMISSIONS
from mercato_products.privacy import PERSONAL_DATA
from mercato_products.provides import ProductCatalog, ProductStock
from mercato_products.routes import blueprint
from mercato_products.sample_data import make_sample_data
from mercato_products.settings import ProductsSettings

feature = Feature(
    name="products",
    summary="A catalogue: products, variants, prices, stock and reservations.",
    blueprints=[blueprint],
    metadata=Base.metadata,
    migrations=Path(__file__).parent / "migrations" / "versions",
    referents=[
        Referent(Catalog, "product", Product.id),
        Referent(Catalog, "variant", Variant.id),
    ],
    references=[
        SoftReference(StockMovement.actor_id, IdentityProvider, "subject", "keeps_snapshot"),
    ],
    offers=[
        Offer(Catalog, "1.1", ProductCatalog),
        Offer(Stock, "1.1", ProductStock),
    ],
    jobs=JOBS,
    cli=commands,
    settings=ProductsSettings,
    permissions=PERMISSIONS,
    personal_data=PERSONAL_DATA,
    sample_data=make_sample_data,
)
