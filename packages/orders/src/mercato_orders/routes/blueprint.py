"""The blueprint of orders, and what its routes share.

Guests may call most of them. The services check access in their queries, so that an order of
another customer answers 404.
"""

from collections.abc import Mapping

from mercato_contracts.orders import Orders
from mercato_kit.http import Blueprint
from mercato_kit.identity import get_principal
from mercato_orders.access import Caller
from mercato_orders.glossary import GLOSSARY

blueprint = Blueprint(
    "orders",
    __name__,
    url_prefix="/v1",
    description="Quotes, orders, payments",
    glossary=GLOSSARY,
)

Headers = Mapping[str, str]

ORDER = (Orders, "order")
"""What other features may add members to: ``expand``."""


def caller(headers: Headers) -> Caller:
    """Return who calls; a guest sends the order's access token."""
    return Caller(get_principal(), headers.get("access_token"))
