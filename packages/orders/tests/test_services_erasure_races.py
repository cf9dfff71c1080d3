"""A person is erased while an order of theirs is placed: fifty rounds, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import uuid4

import sqlalchemy as sa

from mercato_contracts.baskets import Address
from mercato_contracts.orders import WantedLine
from mercato_kit.db import session
from mercato_kit.principals import Principal
from mercato_kit.privacy import Subject
from mercato_orders import services
from mercato_orders.models import Order
from mercato_orders.privacy import erase
from mercato_orders.values import NewOrder

ROUNDS = range(50)
HOME = Address("Alice Archer", "1 Market Street", "Bologna", "IT", postal_code="40121")


def place(item, customer):
    """Place an order of a customer."""
    lines = [WantedLine(item, 1)]
    new = NewOrder(lines=lines, currency="EUR", shipping_address=HOME, note="Ring twice")
    services.place_order(new, customer)


def expire_all():
    """Let every order that waits for its payment end."""
    open_ = sa.update(Order).where(Order.status == "open")
    session.execute(open_.values(status="expired"))


def named():
    """Return what orders still say of a person."""
    columns = (Order.customer_email, Order.customer_name, Order.note, Order.shipping_address)
    rows = session.execute(sa.select(*columns)).all()
    return [tuple(row) for row in rows if row != (None, None, None, {"country": "IT"})]


class TestEraseAgainstPlacing:
    def test_erases_with_its_second_run(self, commit, item):
        """In either order of commits, an order that was being placed is erased by the run after it.

        The platform asks each feature once more when the account is gone: from then on no order
        of it can be placed.
        """
        for round_ in ROUNDS:
            email = f"alice{round_}@example.com"
            customer = Principal(
                sub=uuid4(), kind="user", email=email, email_verified=True, name="Alice Archer"
            )
            subject = Subject(customer.sub, frozenset({email}))

            with ThreadPoolExecutor(2) as threads:
                calls = (partial(place, item, customer), partial(erase, subject))
                list(threads.map(commit, calls))
            commit(expire_all)
            again = commit(erase, subject)

            assert len(again.ids) == 1
            assert commit(named) == [], round_
