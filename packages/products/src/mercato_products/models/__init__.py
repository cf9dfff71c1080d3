"""Tables of products: catalogue, categories, stock and reservations."""

from mercato_products.models.base import Base
from mercato_products.models.categories import Category
from mercato_products.models.listings import CategoryListing, CategoryPrice, Relisting
from mercato_products.models.products import (
    AVAILABILITIES,
    Medium,
    Price,
    PriceRange,
    Product,
    ProductCategory,
    StockLevel,
    Variant,
)
from mercato_products.models.reservations import Reservation, ReservationLine
from mercato_products.models.search import SearchText, SearchWord
from mercato_products.models.stock import DEFAULT_LOCATION_ID, Location, StockMovement

__all__ = [
    "AVAILABILITIES",
    "DEFAULT_LOCATION_ID",
    "Base",
    "Category",
    "CategoryListing",
    "CategoryPrice",
    "Location",
    "Medium",
    "Price",
    "PriceRange",
    "Product",
    "ProductCategory",
    "Relisting",
    "Reservation",
    "ReservationLine",
    "SearchText",
    "SearchWord",
    "StockLevel",
    "StockMovement",
    "Variant",
]
