"""What other features add to orders."""

import pytest
from marshmallow import fields

from mercato_contracts.orders import Orders
from mercato_kit.feature import Expansion
from mercato_kit.schemas import Schema

from .fakes import WAREHOUSE


class ParcelSchema(Schema):
    """A parcel."""

    number = fields.Integer(metadata={"description": "From 1"})


def read_parcels(ids):
    """Return the parcel of each order."""
    return {one: {"number": place} for place, one in enumerate(ids, start=1)}


PARCEL = Expansion(Orders, "order", "parcel", ParcelSchema, "Its parcel.", read_parcels)


@pytest.fixture
def fakes():
    """The shop, and a feature that expands orders."""
    return [WAREHOUSE, PARCEL]


class TestExpand:
    def test_of_the_callers_orders(self, alice, bob, alices_order):
        """Lists and single orders show it to callers who may see the order only."""
        url = f"/v1/orders/{alices_order['id']}?expand=parcel"

        one, listed = alice.get(url), alice.get("/v1/orders?expand=parcel")

        expanded = {"parcel": {"number": 1}}
        assert one.json == alices_order | {"expanded": expanded}
        assert [order["expanded"] for order in listed.json["data"]] == [expanded]
        assert one.headers["Cache-Control"] == "private, no-store"
        assert bob.get(url).status_code == 404
        assert bob.get("/v1/orders?expand=parcel").json["data"] == []

    def test_of_a_guests_order(self, client, guests_order):
        """A guest with the secret of an order may expand it."""
        secret = {"Order-Access-Token": guests_order["access_token"]}

        found = client.get(f"/v1/orders/{guests_order['id']}?expand=parcel", headers=secret)

        assert found.json["expanded"] == {"parcel": {"number": 1}}
