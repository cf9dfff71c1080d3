from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_kit.db import session, utc_now
from mercato_products.models import Product
from mercato_products.services.categories import create_category
from mercato_products.services.products import update_product
from mercato_products.values import NewCategory

from . import factories


def names(answer):
    """Return the names of a page of products."""
    assert answer.status_code == 200, answer.json
    return [product["name"] for product in answer.json["data"]]


def every_page(client, url):
    """Follow the cursor to the last page, and return the ids."""
    found, cursor = [], ""
    while cursor is not None:
        page = client.get(url + cursor).json
        found += [product["id"] for product in page["data"]]
        assert page["has_more"] is (page["next_cursor"] is not None)
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    return found


@pytest.fixture
def shelf(commit):
    """Three products: a cheap one, an expensive one, and one without a price in EUR."""

    def fill():
        factories.make_product(name="Cup", eur=1000, description="Holds 100% of a cup", stock=5)
        factories.make_product(name="Desk", eur=50000, brand="Orrery", variants=2)
        factories.make_product(name="Lamp", eur=9000, track_inventory=False)

    commit(fill)


@pytest.mark.usefixtures("shelf")
class TestFilters:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("", ["Cup", "Desk", "Lamp"]),
            ("&q=DES", ["Desk"]),
            ("&q=orrery desk", ["Desk"]),
            ("&q=orrery cup", []),
            ("&q=SKU-", ["Cup", "Desk", "Lamp"]),
            ("&q=100%25", ["Cup"]),
            ("&q=%25", []),
            ("&q=_", []),
            ("&currency=EUR&price[gte]=9000", ["Desk", "Lamp"]),
            ("&currency=EUR&price[lte]=9000", ["Cup", "Lamp"]),
            ("&currency=EUR&price[gte]=1001&price[lte]=8999", []),
            ("&currency=USD&price[gte]=0", []),
            ("&currency=USD", ["Cup", "Desk", "Lamp"]),
            ("&in_stock=true", ["Cup", "Lamp"]),
            ("&in_stock=false", ["Desk"]),
            ("&status=active", ["Cup", "Desk", "Lamp"]),
            ("&status=draft,archived", []),
            ("&category=no-such", []),
        ],
    )
    def test_select_products(self, client, query, expected):
        """Each filter selects the expected products; SQL wildcards in words are literal."""
        assert names(client.get(f"/v1/products?sort=name{query}")) == expected

    def test_find_by_id(self, client):
        """Several ids can be given; unknown ids are ignored."""
        cup = client.get("/v1/products?q=Cup").json["data"][0]["id"]

        found = client.get(f"/v1/products?ids={cup},01900000-0000-7000-8000-00000000000f")

        assert names(found) == ["Cup"]

    @pytest.mark.parametrize(
        "query", ["sort=price", "sort=-price", "price[gte]=1", "price[lte]=1", "price[gte]=x"]
    )
    def test_prices_require_a_currency(self, client, query):
        """A filter or sort by price without a currency is refused."""
        assert client.get(f"/v1/products?{query}").status_code == 422

    @pytest.mark.parametrize(
        "query",
        ["sort=brand", "colour=red", "currency=EURO", "ids=1", "limit=101", "in_stock=yes", "q="],
    )
    def test_refuse_unknown_parameters(self, client, query):
        """Unknown parameters, sort orders and values are refused, not ignored."""
        assert client.get(f"/v1/products?{query}").status_code == 422

    def test_hide_drafts_from_the_public(self, client, charlie, commit):
        """Only staff find drafts, whatever the filter."""
        commit(factories.make_product, name="Secret", status="draft")

        assert "Secret" not in names(client.get("/v1/products?sort=name"))
        assert names(client.get("/v1/products?status=draft")) == []
        assert names(charlie.get("/v1/products?status=draft")) == ["Secret"]

    def test_hide_archived_variants_from_the_public(self, client, charlie, commit):
        """Only staff find a product by the SKU of an archived variant."""
        _, (_, gone) = commit(factories.make_product, name="Mug", variants=2)
        sku = charlie.get(f"/v1/variants/{gone}").json["sku"]
        charlie.delete(f"/v1/variants/{gone}", headers={"If-Match": '"1"'})

        found = [names(caller.get(f"/v1/products?q={sku}")) for caller in (client, charlie)]

        assert found == [[], ["Mug"]]

    def test_include_subcategories(self, client, commit):
        """A category, by handle or id, includes the products of its subcategories."""

        def place():
            home = create_category(NewCategory(name="Home"))
            rugs = create_category(NewCategory(name="Rugs", parent_id=home.id))
            create_category(NewCategory(name="Homework"))
            factories.make_product(name="Rug", category_ids=[rugs.id])
            return home.id

        home_id = commit(place)

        found = [
            names(client.get(f"/v1/products?category={key}"))
            for key in ("home", "rugs", home_id, "homework")
        ]
        assert found == [["Rug"], ["Rug"], ["Rug"], []]


NAMES = [
    "100 Watt Lamp",
    "Alba",
    "alba",
    "Álba",
    "Älpler",
    "Ångström",
    "Apfel",
    "apfel",
    "Äpfel",
    "cote",
    "coté",
    "côte",
    "Éclair",
    "Foo Bar",
    "foo-bar",
    "Foobar",
    "Łódź",
    "Œuvre",
    "Øre",
    "Strasse",
    "Straße",
    "Zebra",
    "Žižek",
    "Ёлка",
    "чайник",
    "中",
]
"""Names, as lists sort them: by letters, then accents, then case."""


class TestSortOfNames:
    def test_is_one_order_on_both_databases(self, client, charlie, commit):
        """Letters decide first, then accents, then case: in all lists, up and down."""

        def fill():
            home = create_category(NewCategory(name="home")).id
            for name in sorted(NAMES):
                factories.make_product(name=name, category_ids=[home])
                create_category(NewCategory(name=name, parent_id=home))
            return home

        home = commit(fill)

        for path in ("products", "products?category=home", f"categories?parent_id={home}"):
            url = f"/v1/{path}{'&' if '?' in path else '?'}limit=100&sort="
            assert names(client.get(f"{url}name")) == NAMES
            assert names(client.get(f"{url}-name")) == NAMES[::-1]
        assert names(charlie.get("/v1/products?sort=name&limit=100")) == NAMES

    def test_follows_a_change(self, client, commit):
        """A product or a category that gets another name gets its place."""
        commit(factories.make_product, name="B")
        product_id, _ = commit(factories.make_product, name="C")

        commit(update_product, product_id, {"name": "ä"}, versions=[1])

        assert names(client.get("/v1/products?sort=name")) == ["ä", "B"]


class TestSummaries:
    @pytest.mark.usefixtures("shelf")
    def test_show_price_picture_and_availability(self, client):
        """A product in a list has a price range, an image and an availability."""
        cup = client.get("/v1/products?q=Cup").json["data"][0]

        assert cup["price_range"] == {"currency": "EUR", "min_amount": 1000, "max_amount": 1000}
        assert (cup["availability"], cup["image_url"], cup["handle"]) == ("in_stock", None, "cup")
        assert "version" not in cup

    def test_choose_a_currency(self, client, charlie):
        """Prices are in the requested currency only; by default in the default or any currency."""
        prices = [{"currency": code, "unit_amount": 5} for code in ("USD", "EUR", "CHF")]
        for name, some in (("All", prices), ("Franc", prices[2:])):
            variants = [{"sku": name, "prices": some}]
            body = {"name": name, "status": "active", "variants": variants}
            charlie.post("/v1/products", json=body)

        def currencies(query):
            data = client.get(f"/v1/products?sort=name{query}").json["data"]
            return [
                product["price_range"] and product["price_range"]["currency"] for product in data
            ]

        assert currencies("") == ["EUR", "CHF"]
        assert currencies("&currency=USD") == ["USD", None]

    def test_show_the_best_availability(self, client, commit):
        """The availability is that of the best variant."""

        def fill():
            _, (_, some) = factories.make_product(name="A", variants=2)
            factories.receive(some, units=1)
            _, (_, backordered) = factories.make_product(name="B", variants=2)
            factories.allow_back_orders(session, backordered, 1)
            factories.make_product(name="C", track_inventory=False)
            _, (reserved_variant,) = factories.make_product(name="D", stock=2)
            factories.hold({reserved_variant: 2})
            factories.make_product(name="E", variants=0)

        commit(fill)

        listed = client.get("/v1/products?sort=name").json["data"]
        assert [product["availability"] for product in listed] == [
            "in_stock",
            "back_order",
            "in_stock",
            "out_of_stock",
            "out_of_stock",
        ]

    def test_take_one_statement(self, client, commit, statements):
        """A page of 1, 5 and 20 products takes one statement."""
        for number in range(20):
            commit(factories.make_product, name=f"P{number}", variants=2, stock=1)

        for limit in (1, 5, 20):
            with statements as sent:
                assert len(client.get(f"/v1/products?limit={limit}").json["data"]) == limit
            assert len(sent) == 1, sent


class TestPages:
    @pytest.mark.parametrize(
        "sort",
        ["name", "-name", "created_at", "-created_at", "price&currency=EUR", "-price&currency=EUR"],
    )
    def test_have_each_product_once(self, client, commit, sort):
        """With equal names, prices and times, pages still neither repeat nor skip a product."""
        at = utc_now() - timedelta(days=1)

        def fill():
            ids = {str(factories.make_product(name="Twin", eur=100)[0]) for _ in range(7)}
            session.execute(sa.update(Product).values(created_at=at))
            return ids

        ids = commit(fill)

        found = every_page(client, f"/v1/products?limit=2&sort={sort}")

        assert len(found) == 7
        assert set(found) == ids

    def test_are_sorted(self, client, commit):
        """Products are sorted by price, ascending or descending; by default newest first."""
        for name, eur in (("B", 200), ("C", 300), ("A", 100)):
            commit(factories.make_product, name=name, eur=eur)

        assert names(client.get("/v1/products?sort=price&currency=EUR")) == ["A", "B", "C"]
        assert names(client.get("/v1/products?sort=-price&currency=EUR")) == ["C", "B", "A"]
        assert names(client.get("/v1/products")) == ["A", "C", "B"]

    def test_belong_to_one_filter(self, client, commit):
        """A cursor of a list with other filters is refused."""
        for _ in "123":
            commit(factories.make_product)
        cursor = client.get("/v1/products?limit=1").json["next_cursor"]

        refused = client.get(f"/v1/products?limit=1&q=mug&cursor={cursor}")

        assert (refused.status_code, refused.json["code"]) == (400, "invalid_cursor")

    def test_can_be_counted(self, client, commit):
        """The total is returned on request."""
        for _ in "123":
            commit(factories.make_product)

        page = client.get("/v1/products?limit=1&include=total").json

        assert (page["total"], page["total_is_exact"], len(page["data"])) == (3, True, 1)
