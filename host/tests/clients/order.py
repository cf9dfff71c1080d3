"""Place an order with the client that openapi-python-client generates, and be refused another."""

import json
import sys

from mercato_client import Client
from mercato_client.api.orders import orders_place_order
from mercato_client.api.products import (
    products_list_product_variants,
    products_list_products,
    products_list_variants,
)
from mercato_client.models import (
    OrdersAddress,
    OrdersAddressCountry,
    OrdersNewOrder,
    OrdersNewOrderCurrency,
    OrdersPlacedOrder,
    OrdersPriceChangedProblem,
    OrdersWantedLine,
    ProductsListProductsCurrency,
    ProductsListProductsSort,
)

address, key = sys.argv[1:]
client = Client(base_url=address)

found = products_list_products.sync(
    client=client,
    q="gift",
    currency=ProductsListProductsCurrency.EUR,
    sort=ProductsListProductsSort("-created_at"),
)
[product] = found.data
first, second, *_ = products_list_product_variants.sync(product.id, client=client).data
both = products_list_variants.sync(client=client, ids=[first.id, second.id])
assert len(both.data) == 2, "ids=a&ids=b was not read"

order = OrdersNewOrder(
    currency=OrdersNewOrderCurrency.EUR,
    email="py@example.com",
    lines=[OrdersWantedLine(variant_id=first.id, quantity=1)],
    shipping_address=OrdersAddress(
        name="Pia", line1="1 Market Street", city="Bologna", country=OrdersAddressCountry.IT
    ),
)
placed = orders_place_order.sync(client=client, body=order, idempotency_key=key)
assert isinstance(placed, OrdersPlacedOrder), placed

order.expected_amount_total = 1
refused = orders_place_order.sync(client=client, body=order, idempotency_key=f"{key}-2")
# The code decides the class of a problem.
assert isinstance(refused, OrdersPriceChangedProblem), refused
sys.stdout.write(json.dumps({"id": str(placed.id), "amount_total": refused.amount_total}))
