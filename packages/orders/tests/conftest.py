import pytest

from mercato_orders import services
from mercato_orders.feature import feature  # noqa: F401 - the feature under test

from . import factories, money
from .bank import BANK, BANKS, DESK
from .drawn import VIEW_CASES
from .fakes import WAREHOUSE
from .left_over import find_payment, make_due


@pytest.fixture
def fakes():
    """The fake feature that offers the contracts orders needs."""
    return [WAREHOUSE, BANKS]


@pytest.fixture(autouse=True)
def bank():
    """The provider ``bank``; it and ``desk`` know no payment."""
    BANK.reset()
    DESK.reset()
    return BANK


@pytest.fixture
def view_cases():
    """How the rows of the views are drawn."""
    return VIEW_CASES


@pytest.fixture
def item(commit):
    """The id of a variant: 12.50 EUR, 100 in stock."""
    return commit(factories.make_item)


@pytest.fixture
def guests_order(client, item):
    """A guest's order: its body, with the access token."""
    body = factories.order_of((item, 2), email="guest@example.com")
    return client.post("/v1/orders", json=body).json


@pytest.fixture
def alices_order(alice, item):
    """The body of an order of alice."""
    return alice.post("/v1/orders", json=factories.order_of((item, 2))).json


@pytest.fixture
def sweep(app):
    """A function that runs the expiry job and returns the number of orders expired."""

    def run():
        with app.app_context():
            return services.expire_unpaid_orders()

    return run


@pytest.fixture
def clerk(as_user):
    """A client of staff who may refund, and nothing else."""
    return as_user(permissions=["orders.refund"])


@pytest.fixture
def paid(alices_order, commit):
    """The body of a paid order: two units for 12.50 EUR each."""
    commit(money.pay, alices_order["id"])
    return alices_order


@pytest.fixture
def sent(paid, commit):
    """The body of a paid order of which all units were sent."""
    commit(money.ship, paid["id"])
    return paid


@pytest.fixture
def packer(as_user):
    """A client of staff who may send orders, and see them."""
    return as_user(permissions=["orders.read", "orders.fulfill"])


@pytest.fixture
def reconcile(app, commit):
    """A function that lets everything be due, and runs the reconciler once."""

    def run():
        commit(make_due)
        with app.app_context():
            return services.reconcile_payments()

    return run


@pytest.fixture
def shown(commit):
    """A function that returns status and attention of a payment, and the state at the bank."""

    def read(payment_id):
        payment = commit(find_payment, payment_id)
        return payment.status, payment.attention, BANK.accounts[payment_id].state

    return read


@pytest.fixture
def authorized(alices_order, commit):
    """An order of alice that the bank has authorized."""
    commit(money.pay, alices_order["id"], authorize=True)
    return alices_order
