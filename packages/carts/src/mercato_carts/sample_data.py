"""Sample data: carts of customers."""

from typing import Any

import sqlalchemy as sa

from mercato_carts import services
from mercato_carts.access import Caller
from mercato_carts.models import Cart
from mercato_kit.db import session
from mercato_kit.principals import Principal

CARTS = 3


def make_sample_data(samples: dict[str, list[Any]]) -> list[str]:
    """Open a cart with two lines for each of three customers.

    Args:
        samples: ``variant_ids`` of variants that have a price in EUR, and ``customers`` as (id,
            e-mail, name).

    Returns:
        A summary; empty without customers or variants, or if there are carts already.
    """
    customers, variants = samples.get("customers", [])[:CARTS], samples.get("variant_ids", [])
    if not customers or not variants or session.scalar(sa.select(Cart.id).limit(1)):
        return []
    for number, (customer_id, _email, _name) in enumerate(customers):
        customer = Principal(sub=customer_id, kind="user")
        cart, _ = services.open_cart("EUR", customer)
        for step in range(2):
            variant_id = variants[(number + step) % len(variants)]
            services.add_units(cart.id, variant_id, 1 + step, Caller(customer))
    return [f"{len(customers)} open carts of customers"]
