"""Endpoints of products. Importing the modules registers their routes on the blueprint."""

from mercato_products.routes import categories, products, stock, variants
from mercato_products.routes.blueprint import blueprint

__all__ = ["blueprint", "categories", "products", "stock", "variants"]
