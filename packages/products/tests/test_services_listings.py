import re

import pytest
import sqlalchemy as sa

from mercato_kit.db import session
from mercato_products.models import CategoryListing, CategoryPrice, PriceRange, Product
from mercato_products.services import (
    create_category,
    delete_category,
    refresh_listings,
    update_category,
    update_product,
    update_variant,
)
from mercato_products.services.prices import set_price
from mercato_products.values import NewCategory
from mercato_testing.plans import Plans

from . import bulk, factories

ANY = range(1, 100)
"""Versions that a caller accepts."""


def rows():
    """Return the rows that lists read, of all tables."""
    return [
        sorted(map(repr, session.execute(sa.select(*model.__table__.c)).all()))
        for model in (CategoryListing, CategoryPrice, PriceRange)
    ]


def listed_in(client, *handles):
    """Return the names of the products in each category."""
    return [
        [item["name"] for item in client.get(f"/v1/products?category={key}&sort=name").json["data"]]
        for key in handles
    ]


@pytest.fixture
def tree(commit):
    """Ids: the categories home > lamps > bulbs, and garden; Bulb is in bulbs, Desk in lamps."""

    def plant():
        home = create_category(NewCategory(name="home")).id
        lamps = create_category(NewCategory(name="lamps", parent_id=home)).id
        bulbs = create_category(NewCategory(name="bulbs", parent_id=lamps)).id
        garden = create_category(NewCategory(name="garden")).id
        bulb, (variant,) = factories.make_product(name="Bulb", category_ids=[bulbs], eur=300)
        desk, _ = factories.make_product(name="Desk", category_ids=[lamps, home], eur=900)
        return {
            "home": home,
            "lamps": lamps,
            "bulbs": bulbs,
            "garden": garden,
            "bulb": bulb,
            "variant": variant,
            "desk": desk,
        }

    return commit(plant)


class TestRefreshListings:
    def test_list_a_product_in_all_categories_above(self, client, tree):
        """A product is in its category, and in each category above it, once."""
        assert listed_in(client, "home", "lamps", "bulbs", "garden") == [
            ["Bulb", "Desk"],
            ["Bulb", "Desk"],
            ["Bulb"],
            [],
        ]

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            (
                lambda ids: update_category(
                    ids["lamps"], {"parent_id": ids["garden"]}, versions=ANY
                ),
                [["Desk"], ["Bulb", "Desk"], ["Bulb"], ["Bulb", "Desk"]],
            ),
            (
                lambda ids: update_category(ids["bulbs"], {"parent_id": None}, versions=ANY),
                [["Desk"], ["Desk"], ["Bulb"], []],
            ),
            (
                lambda ids: update_category(ids["lamps"], {"handle": "lights"}, versions=ANY),
                [["Bulb", "Desk"], [], ["Bulb"], []],
            ),
            (lambda ids: delete_category(ids["bulbs"]), [["Desk"], ["Desk"], [], []]),
            (
                lambda ids: update_product(
                    ids["bulb"], {"category_ids": [ids["garden"]]}, versions=ANY
                ),
                [["Desk"], ["Desk"], [], ["Bulb"]],
            ),
            (
                lambda ids: update_product(ids["bulb"], {"name": "Light"}, versions=ANY),
                [["Desk", "Light"], ["Desk", "Light"], ["Light"], []],
            ),
            (
                lambda ids: update_product(ids["bulb"], {"status": "archived"}, versions=ANY),
                [["Desk"], ["Desk"], [], []],
            ),
        ],
        ids=["move", "to the top", "handle", "removal", "categories", "name", "status"],
    )
    def test_follow_a_change(self, client, commit, tree, change, expected):
        """After a change lists are as they would be if all of their rows were written anew."""
        commit(change, tree)

        assert listed_in(client, "home", "lamps", "bulbs", "garden") == expected
        changed = commit(rows)
        commit(lambda: refresh_listings(*session.scalars(sa.select(Product.id))))
        assert commit(rows) == changed

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            (
                lambda ids: set_price(
                    ids["variant"], "EUR", unit_amount=1, compare_at_amount=None, versions=ANY
                ),
                ["Bulb", "Desk"],
            ),
            (
                lambda ids: set_price(
                    ids["variant"], "EUR", unit_amount=1000, compare_at_amount=None, versions=ANY
                ),
                ["Desk", "Bulb"],
            ),
            (
                lambda ids: update_variant(ids["variant"], {"status": "archived"}, versions=ANY),
                ["Desk"],
            ),
        ],
        ids=["lower price", "higher price", "no variant"],
    )
    def test_prices_follow_a_change(self, client, commit, tree, change, expected):
        """A category sorted by price has the prices as they are."""
        commit(change, tree)

        query = "/v1/products?category=home&sort=price&currency=EUR"
        assert [item["name"] for item in client.get(query).json["data"]] == expected


ONE_SEEK = [
    "",
    "sort=name",
    "sort=-price&currency=EUR",
    "category=all",
    "category=all&sort=name",
    "category=all&sort=price&currency=EUR",
    "category=leaf-3&sort=-price&currency=EUR&price[lte]=9000",
    "currency=EUR&sort=price&price[lte]=9000",
    "in_stock=true",
    "in_stock=false&sort=-name",
    "in_stock=true&sort=price&currency=EUR",
    "in_stock=true&category=all",
    "in_stock=true&category=leaf-0&sort=name",
    "in_stock=true&category=all&sort=-price&currency=EUR&price[gte]=200",
]
"""Lists whose every page is one index seek."""


_SORTED_PART = re.compile(r"Merge Append[\s\S]*\bSort  \(|SEARCH .*\n +USE TEMP B-TREE")
"""In a plan: one of the parts that are merged is sorted."""


class TestPlans:
    def test_pages_of_lists_are_one_seek(self, app, client, commit):
        """No page of a list scans or sorts a table, be it the first page or a later one."""
        commit(bulk.fill, 300)
        with app.app_context():
            for query in ONE_SEEK:
                url = f"/v1/products?limit=5&{query}"
                cursor = client.get(url).json["next_cursor"]
                for page in (url, f"{url}&cursor={cursor}"):
                    with Plans(session.get_bind()) as sent:
                        assert len(client.get(page).json["data"]) == 5

                    assert [*sent.scans(), *sent.sorts()] == [], page

    @pytest.mark.parametrize(
        "path",
        [
            "products?currency=EUR&price[gte]=2000",
            "products?currency=EUR&price[lte]=9000&category=all&in_stock=true&sort=name",
            "products?q=unique",
            "products?q=unique thing&category=leaf-3",
            "products?q=thing&in_stock=true&currency=EUR&price[gte]=2000",
            "products?ids=01900000-0000-7000-8000-00000000000f",
            "products/by-handle/p-7",
            "products/by-handle/p-7?expand=variants.stock&currency=EUR",
            "products?q=unique7",
            "products?q=thing brass&category=leaf-3",
            "products?in_stock=true",
            "variants?sku=SKU-0000007",
            "variants?sort=created_at",
            "variants",
            "categories",
            "categories?sort=name",
            "categories?sort=position",
        ],
    )
    def test_no_public_answer_scans_a_table(self, app, client, commit, path):
        """No statement of a public route reads a whole table."""
        commit(bulk.fill, 300)
        with app.app_context(), Plans(session.get_bind()) as sent:
            assert client.get(f"/v1/{path}").status_code == 200

        assert sent.scans() == []

    @pytest.mark.parametrize(
        "query",
        [
            "",
            "sort=name",
            "status=draft,active",
            "status=archived&sort=name",
            "category=all",
            "category=leaf-3&sort=-name",
            "category=all&currency=EUR&sort=price",
        ],
    )
    def test_pages_for_staff_are_a_seek_for_each_status(self, app, charlie, commit, query):
        """A list of several statuses neither scans nor sorts a table, on no page."""
        commit(bulk.fill, 100)
        url = f"/v1/products?limit=2&{query}"
        cursor = charlie.get(url).json["next_cursor"]
        with app.app_context(), Plans(session.get_bind()) as sent:
            for page in (url, f"{url}&cursor={cursor}" if cursor else url):
                assert charlie.get(page).status_code == 200

        assert sent.scans() == []
        merges = [plan for plan in sent.plans if plan.startswith("SELECT found_rows")]
        assert len(merges) > 0
        assert [plan for plan in merges if _SORTED_PART.search(plan)] == []

    def test_scans_are_found(self, app, commit):
        """A statement that no index serves is found."""
        commit(bulk.fill, 10)
        with app.app_context(), Plans(session.get_bind()) as sent:
            session.scalars(sa.select(Product.name).order_by(Product.description)).all()

        assert len(sent.scans()) == 1
