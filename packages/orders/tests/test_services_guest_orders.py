"""Orders of guests are limited by network."""

import pytest

from . import factories


@pytest.fixture
def settings():
    """Two at once."""
    return {"guest_order_burst": 2}


@pytest.fixture
def order(client, item):
    """A function that orders as a guest, and returns the response."""

    def place(network="192.0.2.7", quantity=1):
        body = factories.order_of((item, quantity), email="guest@example.com")
        return client.post("/v1/orders", json=body, environ_base={"REMOTE_ADDR": network})

    return place


class TestGuestOrders:
    def test_are_limited_by_network(self, order):
        """A third order of a network is refused, and says when it may come; others go on."""
        answers = [order() for _ in range(3)]

        assert [answer.status_code for answer in answers] == [201, 201, 429]
        assert 110 < int(answers[-1].headers["Retry-After"]) <= 120
        assert order("192.0.2.8").status_code == 201

    def test_count_only_if_they_are_placed(self, order):
        """An order that is refused for another reason takes nothing."""
        refused = [order(quantity=101).status_code for _ in range(3)]

        assert refused == [409] * 3
        assert order().status_code == 201

    def test_leave_customers_alone(self, order, alice, item):
        """Customers who are signed in have no such limit."""
        for _ in range(2):
            order()
        body = factories.order_of((item, 1))

        assert [alice.post("/v1/orders", json=body).status_code for _ in range(3)] == [201] * 3


class TestNoLimit:
    @pytest.fixture
    def settings(self):
        """Any number of orders."""
        return {"guest_order_burst": 0}

    def test_lets_guests_order(self, order):
        """With 0, a network orders as often as it likes."""
        assert [order().status_code for _ in range(4)] == [201] * 4
