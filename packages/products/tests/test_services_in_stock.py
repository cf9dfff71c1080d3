from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from mercato_kit import work
from mercato_products.services.categories import create_category
from mercato_products.services.reservations import release_units
from mercato_products.services.shipments import restock_units, ship_units
from mercato_products.services.variants import add_variant, update_variant
from mercato_products.values import NewCategory, NewVariant

from . import factories
from .test_services_queries import names

pytestmark = pytest.mark.usefixtures("invariants")

ANY = range(1, 100)
LISTS = ["", "&category=home", "&sort=price&currency=EUR", "&category=home&sort=price&currency=EUR"]


@pytest.fixture
def mugs(commit):
    """The id of a product in the category home, and of its two variants with a unit each."""

    def make():
        home = create_category(NewCategory(name="home")).id
        return factories.make_product(variants=2, stock=1, category_ids=[home])

    return commit(make)


@pytest.fixture
def in_stock(client):
    """A function that returns whether the lists have the product as in stock: all or none."""

    def ask():
        found = [
            names(client.get(f"/v1/products?in_stock={word}{query}"))
            for query in LISTS
            for word in ("true", "false")
        ]
        assert found in ([["Mug"], []] * len(LISTS), [[], ["Mug"]] * len(LISTS))
        return found[0] == ["Mug"]

    return ask


class TestFollowStock:
    def test_follows_reservations(self, commit, mugs, in_stock):
        """A product is out of stock with the last unit of the last variant, and back with one."""
        _, (first, second) = mugs

        commit(factories.hold, {first: 1})
        assert in_stock()
        reference = commit(factories.sell, {second: 1})
        assert not in_stock()
        commit(ship_units, reference, 1, {second: 1})
        assert not in_stock()
        commit(restock_units, reference, 1, {second: 1})
        assert in_stock()

    def test_follows_a_release(self, commit, mugs, in_stock):
        """Units that are released bring the product back."""
        _, both = mugs
        reference = commit(factories.hold, dict.fromkeys(both, 1))
        assert not in_stock()

        commit(release_units, reference)

        assert in_stock()

    def test_follows_adjustments_and_variants(self, commit, mugs, in_stock):
        """So do receipts, counts, a variant that is archived, and one that needs no stock."""
        product_id, both = mugs

        commit(partial(factories.receive, *both, units=-1))
        assert not in_stock()
        commit(factories.receive, both[0], units=2)
        assert in_stock()
        commit(update_variant, both[0], {"status": "archived"}, versions=ANY)
        assert not in_stock()
        endless = NewVariant(sku="ENDLESS", option_values={"Colour": "None"}, track_inventory=False)
        variant = commit(lambda: add_variant(product_id, endless).id)
        assert in_stock()
        commit(update_variant, variant, {"track_inventory": True}, versions=ANY)
        assert not in_stock()

    def test_counts_what_others_took_meanwhile(self, app, commit, mugs, in_stock):
        """Of two orders for the last units of two variants, the later one sees the earlier one."""
        _, both = mugs

        def buy(variant_id):
            with app.app_context():
                work.run(lambda: factories.hold({variant_id: 1}))

        with ThreadPoolExecutor(2) as threads:
            list(threads.map(buy, both))

        assert not in_stock()

    def test_costs_an_order_nothing_otherwise(self, commit, statements):
        """While units are left, a reservation sends the statements that it needs alone."""
        (variant,) = commit(factories.make_variants, stock=3)

        sent = []
        for _ in range(3):
            with statements as counted:
                commit(factories.hold, {variant: 1})
            sent.append(len(counted))

        assert sent[0] == sent[1] < sent[2]
