"""Tables of products: catalogue, categories, stock and reservations."""

from mercato_products.models.base import Base
from mercato_products.models.categories import Category
from mercato_products.models.products import AVAILABILITIES
from mercato_products.models.products import Medium
from mercato_products.models.products import Price
from mercato_products.models.products import PriceRange
from mercato_products.models.products import Product
from mercato_products.models.products import ProductCategory
from mercato_products.models.products import StockLevel
from mercato_products.models.products import Variant
from mercato_products.models.reservations import Reservation
from mercato_products.models.reservations import ReservationLine
from mercato_products.models.stock import DEFAULT_LOCATION_ID
from mercato_products.models.stock import Location
from mercato_products.models.stock import StockMovement

__all__ = [
    "AVAILABILITIES",
    "DEFAULT_LOCATION_ID",
    "Base",
    "Category",
    "Location",
    "Medium",
    "Price",
    "PriceRange",
    "Product",
    "ProductCategory",
    "Reservation",
    "ReservationLine",
    "StockLevel",
    "StockMovement",
    "Variant",
]
