"""The blueprint of products and its policies."""

from mercato_kit.http import Blueprint
from mercato_kit.identity import current_principal
from mercato_kit.policies import permission
from mercato_products.glossary import GLOSSARY
from mercato_products.permissions import READ_STOCK, WRITE, WRITE_STOCK

blueprint = Blueprint(
    "products",
    __name__,
    url_prefix="/v1",
    description="Products, variants, prices and stock",
    glossary=GLOSSARY,
)

MAY_WRITE = permission(WRITE)
MAY_READ_STOCK = permission(READ_STOCK)
MAY_WRITE_STOCK = permission(WRITE_STOCK)


def sees_hidden() -> bool:
    """Return whether the caller sees products that are not for sale."""
    return current_principal.may(WRITE)
