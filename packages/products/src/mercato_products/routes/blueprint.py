"""The blueprint of this feature, and its permissions."""

from mercato_kit.http import Blueprint
from mercato_kit.identity import current_principal
from mercato_kit.policies import permission

blueprint = Blueprint(
    "products",
    __name__,
    url_prefix="/v1",
    description="What is sold, for how much, and how many of it there are",
)

MAY_WRITE = permission("products.write")
MAY_READ_STOCK = permission("stock.read")
MAY_WRITE_STOCK = permission("stock.write")


def sees_hidden() -> bool:
    """Tell whether the caller sees what is not for sale."""
    return current_principal.may(MAY_WRITE.name)
