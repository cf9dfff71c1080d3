"""Valid rows, requests and bodies."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from mercato_carts.models import Cart
from mercato_kit.db import new_id, session, utc_now

from .fakes import Item, Order

ADDRESS = {
    "name": "Ada Marsh",
    "line1": "4 Harbour Row",
    "city": "Cork",
    "postal_code": "T12 XY88",
    "country": "IE",
}


class Shopper:
    """A client with a cart.

    Args:
        client: The client.
        currency: The currency of the cart.
    """

    def __init__(self, client, currency="EUR"):
        self.client = client
        opened = client.post("/v1/carts", json={"currency": currency})
        assert opened.status_code == 201, opened.json
        self.id, self.token = opened.json["id"], opened.json["access_token"]
        self.path = f"/v1/carts/{self.id}"

    def send(self, method, path="", json=None, **headers):
        """Send a request about the cart."""
        own = {"Cart-Token": self.token} if self.token else {}
        return self.client.open(
            f"{self.path}{path}", method=method, json=json, headers={**own, **headers}
        )

    def get(self):
        """Return the body of the cart."""
        answer = self.send("GET")
        assert answer.status_code == 200, answer.json
        return answer.json

    def add(self, variant_id, quantity=1, **headers):
        """Add units of a variant."""
        body = {"variant_id": str(variant_id), "quantity": quantity}
        return self.send("POST", "/lines", body, **headers)

    def set(self, variant_id, quantity):
        """Set the units of a variant."""
        return self.send("PUT", f"/lines/{variant_id}", {"quantity": quantity})

    def remove(self, variant_id):
        """Remove a variant."""
        return self.send("DELETE", f"/lines/{variant_id}")

    def enter(self, *codes):
        """Set the discount codes."""
        return self.send("PUT", "/codes", {"codes": codes})

    def check_out(self, expected_amount_total, **members):
        """Order the cart."""
        email = {} if self.client.principal else {"email": "guest@example.com"}
        body = {"shipping_address": ADDRESS, "expected_amount_total": expected_amount_total}
        return self.send("POST", "/checkout", {**body, **email, **members})

    def quantities(self):
        """Return the units by variant."""
        return {UUID(line["variant_id"]): line["quantity"] for line in self.get()["lines"]}


def merge(who, guest):
    """Merge the cart of a guest into that of a customer."""
    headers = {"Cart-Token": guest.token} if guest.token else {}
    return who.post("/v1/carts/merge", json={"cart_id": guest.id}, headers=headers)


def make_item(**values):
    """Put a variant up for sale: 12.50 EUR, 100 in stock; return its id."""
    item = Item(id=new_id(), **{"sku": "LAMP", "unit_amount": 1_250, **values})
    session.add(item)
    return item.id


def change_item(item_id, **values):
    """Change a variant."""
    session.execute(sa.update(Item).where(Item.id == item_id).values(**values))


def withdraw(item_id):
    """Take a variant off sale."""
    session.execute(sa.delete(Item).where(Item.id == item_id))


def orders():
    """Return all orders of the shop."""
    return session.scalars(sa.select(Order)).all()


def let_time_pass(cart_id, **time):
    """Move the last change of a cart into the past."""
    past = utc_now() - timedelta(**time)
    changed = sa.update(Cart).where(Cart.id == UUID(str(cart_id)))
    session.execute(changed.values(updated_at=past))
