from uuid import UUID

import pytest
import sqlalchemy as sa

from mercato_kit.db import session
from mercato_products.models import SearchText
from mercato_products.services.products import create_product
from mercato_products.services.search import MOST_FOUND
from mercato_products.values import NewProduct, NewVariant

from . import bulk, factories
from .test_services_queries import every_page, names

SHOP = [
    ("Alba Desk Lamp", "Northlight", "Turns and tilts", ["LAMP-BLACK", "LAMP-BRASS"]),
    ("Floor lamps", "Été", "Two lamps of brass beside a desk", []),
    ("Berry Bowl", None, "For berries and cherries", ["BB-1"]),
    ("Crème brûlée dish", "Émile", "A ramekin", []),
    ("T-Shirt", "Wool & Co", "One shirt of merino", ["TS/12.3"]),
    ("Чайник Ёлка", "Самовар", "Для чая", ["ЧАЙ-7"]),
    ("Straße Map", None, "The map of a STRASSE in Köln", []),
    ("Cookie boxes", None, "Three boxes for cookies", []),
    ("Wine Glass", "Orrery", "One of six glasses", ["GL-000123"]),
    ("Phone 15 Case", None, "Fits the phone 15", ["IP15-CASE"]),
    ("Lampshade", "Northlight", "Linen for a lamp", []),
    ("Toy Bus", None, "A bus among buses", ["BUS"]),
    ("Smørrebrød Plate", "Łódź", "Enamel", []),
]
"""Name, brand, description and SKUs, oldest first."""

QUERIES = [
    ("lamp", ["Floor lamps", "Alba Desk Lamp", "Lampshade"]),
    ("lamps", ["Floor lamps", "Alba Desk Lamp", "Lampshade"]),
    ("LAMP", ["Floor lamps", "Alba Desk Lamp", "Lampshade"]),
    ("lam", ["Lampshade", "Floor lamps", "Alba Desk Lamp"]),
    ("lampsh", ["Lampshade"]),
    ("desk lamp", ["Alba Desk Lamp", "Floor lamps"]),
    ("lamp desk", ["Alba Desk Lamp", "Floor lamps"]),
    ("desk", ["Alba Desk Lamp", "Floor lamps"]),
    ("brass", ["Alba Desk Lamp", "Floor lamps"]),
    ("northlight", ["Lampshade", "Alba Desk Lamp"]),
    ("north lamp", ["Alba Desk Lamp", "Lampshade"]),
    ("ete", ["Floor lamps"]),
    ("ÉTÉ", ["Floor lamps"]),
    ("creme brulee", ["Crème brûlée dish"]),
    ("crème", ["Crème brûlée dish"]),
    ("dishes", ["Crème brûlée dish"]),
    ("emile", ["Crème brûlée dish"]),
    ("berry", ["Berry Bowl"]),
    ("berries", ["Berry Bowl"]),
    ("cherry", ["Berry Bowl"]),
    ("t-shirt", ["T-Shirt"]),
    ("tshirt", ["T-Shirt"]),
    ("t shirts", ["T-Shirt"]),
    ("wool&co", ["T-Shirt"]),
    ("ts/12.3", ["T-Shirt"]),
    ("TS123", ["T-Shirt"]),
    ("чайник", ["Чайник Ёлка"]),
    ("ЕЛКА", ["Чайник Ёлка"]),
    ("чай", ["Чайник Ёлка"]),
    ("strasse", ["Straße Map"]),
    ("STRAßE koln", ["Straße Map"]),
    ("box", ["Cookie boxes"]),
    ("cookies", ["Cookie boxes"]),
    ("glasses", ["Wine Glass"]),
    ("gl-000123", ["Wine Glass"]),
    ("000123", ["Wine Glass"]),
    ("ip15", ["Phone 15 Case"]),
    ("15", ["Phone 15 Case"]),
    ("bus", ["Toy Bus"]),
    ("smorrebrod", ["Smørrebrød Plate"]),
    ("SMØRREBRØD lodz", ["Smørrebrød Plate"]),
    ("amp", []),
    ("nowhere", []),
    ("lamp nowhere", []),
    ("it's \"' OR 1=1 --", []),
    ("%", []),
]
"""What is typed, and the names of the products found, best first.."""


def fill_shop():
    """Make the products of the table."""
    for name, brand, description, skus in SHOP:
        variants = [
            NewVariant(sku=sku, option_values={"N": str(number)}) for number, sku in enumerate(skus)
        ]
        create_product(
            NewProduct(
                name=name,
                brand=brand,
                description=f"{description}. Ships worldwide.",
                status="active",
                options=["N"],
                variants=variants,
            )
        )


class TestFindWords:
    def test_finds_the_same_on_both_databases(self, client, commit):
        """Each query finds these products in this order, whatever the database."""
        commit(fill_shop)

        found = {
            query: names(client.get("/v1/products", query_string={"q": query}))
            for query, _ in QUERIES
        }

        assert found == dict(QUERIES)

    def test_finds_a_word_that_stands_everywhere(self, client, commit):
        """A word that all products have finds all of them, the newest first."""
        commit(fill_shop)

        found = names(client.get("/v1/products?q=worldwide"))

        assert found == [name for name, *_ in reversed(SHOP)]

    def test_sorts_as_the_request_says(self, client, commit):
        """With a sort order, products are not sorted by relevance."""
        commit(fill_shop)

        found = names(client.get("/v1/products?q=lamp&sort=name"))

        assert found == ["Alba Desk Lamp", "Floor lamps", "Lampshade"]

    @pytest.mark.parametrize("sort", ["-relevance", "relevance", "name", "-created_at"])
    def test_has_stable_pages(self, client, commit, sort):
        """Pages neither repeat nor skip a product, and are in the order of one long page."""
        commit(fill_shop)
        url = f"/v1/products?q=lamp&sort={sort}"

        paged = every_page(client, f"{url}&limit=1")

        assert paged == [product["id"] for product in client.get(url).json["data"]]
        assert len(paged) == 3

    def test_needs_words_to_sort_by_relevance(self, client):
        """Without words, there is no relevance to sort by."""
        assert client.get("/v1/products?sort=relevance").status_code == 422

    def test_combines_with_filters(self, client, charlie, commit):
        """A product must have the words, and fulfil the other filters too."""
        commit(factories.make_product, name="Red Mug", eur=100, stock=1)
        commit(factories.make_product, name="Blue Mug", eur=900)
        commit(factories.make_product, name="Grey Mug", status="draft")

        def find(query):
            return names(client.get(f"/v1/products?q=mug&{query}"))

        assert find("in_stock=true") == ["Red Mug"]
        assert find("currency=EUR&price[gte]=500") == ["Blue Mug"]
        assert find("currency=EUR&sort=price") == ["Red Mug", "Blue Mug"]
        assert find("currency=USD&sort=price") == []
        assert find("category=nowhere") == []
        assert find("status=draft") == []
        assert names(charlie.get("/v1/products?q=mug&status=draft")) == ["Grey Mug"]
        assert len(names(charlie.get("/v1/products?q=mug"))) == 3

    def test_finds_a_bounded_number(self, client, commit):
        """A search finds 1,000 products, and says that there are more; so do prices."""
        commit(bulk.fill, MOST_FOUND + 10)

        def count(query):
            page = client.get(f"/v1/products?limit=1&include=total&{query}").json
            return page["total"], page["total_is_exact"]

        some = len(range(3, MOST_FOUND + 10, 7))
        assert count("q=thing") == (MOST_FOUND, False)
        assert count("q=brass") == (some, True)
        # More than 50 words begin so: the newest products are read.
        assert count("q=uni") == (MOST_FOUND, False)
        assert count("q=uni brass") == (some, False)
        assert count("q=uni&category=leaf-3") == (51, False)
        assert count("q=unique1009") == (1, True)
        assert count("currency=EUR&price[gte]=0") == (MOST_FOUND, False)
        assert count("currency=EUR&price[gte]=0&in_stock=true") == (101, True)
        assert count("currency=EUR&price[gte]=0&sort=price") == (MOST_FOUND + 10, True)


class TestRefreshWords:
    def test_follows_the_categories(self, client, charlie, commit):
        """A search in a category finds what the category lists, after every change of the tree."""
        home, garden = (charlie.post("/v1/categories", json={"name": name}).json for name in "HG")
        inside = {"name": "Inside", "parent_id": home["id"]}
        lamps = charlie.post("/v1/categories", json=inside).json
        commit(factories.make_product, name="Mug", category_ids=[UUID(lamps["id"])])

        def find():
            return [len(names(client.get(f"/v1/products?q=mug&category={key}"))) for key in "hg"]

        assert find() == [1, 0]
        headers = {"If-Match": f'"{lamps["version"]}"'}
        url = f"/v1/categories/{lamps['id']}"
        charlie.patch(url, json={"parent_id": garden["id"]}, headers=headers)
        assert find() == [0, 1]
        charlie.delete(url)
        assert find() == [0, 0]

    def test_follows_every_change(self, client, charlie, commit):
        """New words find a product at once, and former ones no longer do."""
        product_id, (variant,) = commit(factories.make_product, name="Mug")
        url = f"/v1/products/{product_id}"

        def find(word):
            return names(client.get(f"/v1/products?q={word}"))

        def change(url, version, **values):
            headers = {"If-Match": f'"{version}"'}
            assert charlie.patch(url, json=values, headers=headers).status_code == 200

        change(url, 1, name="Cup", brand="Orrery", description="Round")
        assert (find("mug"), find("cup"), find("orrery"), find("round")) == ([], *[["Cup"]] * 3)
        change(f"/v1/variants/{variant}", 1, sku="ANEW")
        assert (find("sku"), find("anew")) == ([], ["Cup"])
        new = {"sku": "SECOND", "option_values": {"Colour": "Red"}}
        assert charlie.post(f"{url}/variants", json=new).status_code == 201
        assert find("second") == ["Cup"]
        change(f"/v1/variants/{variant}", 2, status="archived")
        assert find("anew") == []
        change(url, client.get(url).json["version"], status="archived")
        assert find("cup") == []
        assert names(charlie.get("/v1/products?q=anew")) == ["Cup"]

    def test_takes_long_texts(self, charlie):
        """The longest texts that a request may have are written and found."""
        description = " ".join(f"w{number}" for number in range(3300))
        body = {"name": "x" * 200, "status": "active", "description": description}

        made = charlie.post("/v1/products", json=body)

        assert made.status_code == 201, made.json
        assert len(names(charlie.get("/v1/products?q=w3299"))) == 1
        assert len(names(charlie.get(f"/v1/products?q={'x' * 100}"))) == 1

    def test_writes_one_row_a_product(self, client, commit):
        """A product that changes keeps its row, so its place among the newest."""
        commit(fill_shop)

        counted = commit(lambda: session.scalar(sa.select(sa.func.count(SearchText.number))))

        assert counted == len(SHOP)
