import pytest

from mercato_kit.db import engine
from mercato_testing.plans import Plans

from .factories import ADDRESS, order_of

FOUND = {
    "1001": [0],
    "%231002": [1],
    "99999999999999999999999": [],
    "zoe@EXAMPLE.com": [0],
    "unknown@example.com": [],
    "not@an@address": [],
    "zoe": [0],
    "LUKA mei": [0],
    "hara": [1],
    "bak ann": [1],
    "zoe baker": [],
    "kasiewicz": [],
    "!%3F": [],
}
"""What is searched, and the places of the orders that it finds."""


@pytest.fixture
def place(as_user, item):
    """A function that places an order of an account for a recipient; it returns the order."""

    def run(email, name, recipient):
        customer = as_user(email=email, name=name)
        address = {**ADDRESS, "name": recipient}
        return customer.post("/v1/orders", json=order_of((item, 1), shipping_address=address)).json

    return run


@pytest.fixture
def orders(place):
    """Orders of two customers."""
    return [
        place("Zoe@example.com", "Zoë Łukasiewicz-Meier", "Zoë Łukasiewicz"),
        place("bob@example.com", "Bob Baker", "Ann O'Hara"),
    ]


class TestSearch:
    def test_finds_numbers_addresses_and_names(self, charlie, orders):
        """A number, an address in any spelling, or beginnings of words without case and accents."""
        found = {q: charlie.get(f"/v1/orders?q={q}&sort=number").json["data"] for q in FOUND}

        places = {q: [order["number"] - orders[0]["number"] for order in found[q]] for q in FOUND}
        assert places == FOUND

    def test_finds_orders_of_the_caller_only(self, bob, orders):
        """A search does not show orders of other customers."""
        assert bob.get("/v1/orders?q=zoe").json["data"] == []

    @pytest.mark.parametrize("q", ["", "a" * 201])
    def test_refuses_texts_of_no_use(self, charlie, q):
        """An empty search, or a very long one, is refused."""
        assert charlie.get(f"/v1/orders?q={q}").status_code == 422

    def test_reads_indexes(self, app, charlie, orders):
        """Whatever is searched, one statement reads rows by indexes."""
        with app.app_context():
            plans = Plans(engine())
        for q in ("1001", "zoe@example.com", "zoe lukas"):
            with plans as sent:
                charlie.get(f"/v1/orders?q={q}")

            assert len(sent.plans) == 1, sent.plans
            assert sent.scans() == []

    def test_lists_of_staff_are_not_sorted(self, app, charlie, orders):
        """The newest orders of all customers are read from an index."""
        with app.app_context():
            plans = Plans(engine())
        with plans as sent:
            charlie.get("/v1/orders")

        assert (sent.scans(), sent.sorts()) == ([], [])
