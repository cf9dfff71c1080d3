"""What other features add to products."""

import pytest
from marshmallow import fields

from mercato_contracts.catalog import Catalog
from mercato_kit.feature import Expansion
from mercato_kit.schemas import Schema


class RankSchema(Schema):
    """The place of a product among those asked for."""

    place = fields.Integer(metadata={"description": "From 1"})


def rank(ids):
    """Return the place of each product."""
    return {one: {"place": place} for place, one in enumerate(ids, start=1)}


RANK = Expansion(Catalog, "product", "rank", RankSchema, "Its place.", rank, public=True)


@pytest.fixture
def shop(staged):
    """An app with a feature that expands products."""
    return staged(RANK)


class TestExpand:
    @pytest.mark.parametrize("query", ["", "q=mug&", "price[gte]=1&currency=EUR&"])
    def test_of_lists(self, shop, commit, mug, query):
        """A list shows what is added to each product, whatever the list is read from."""
        product_id, _ = mug
        paths = [f"/v1/products?{query}", f"/v1/products?{query}expand=rank"]

        plain, expanded = [shop.client.get(path) for path in paths]

        assert [one["id"] for one in plain.json["data"]] == [str(product_id)]
        assert expanded.json["data"] == [
            one | {"expanded": {"rank": {"place": 1}}} for one in plain.json["data"]
        ]
        assert expanded.headers["Cache-Control"].startswith("public, max-age=30")

    @pytest.mark.parametrize("path", ["{id}", "by-handle/{handle}"])
    def test_of_one(self, shop, mug, path):
        """A product shows what is added beside the stock of its variants; both are optional."""
        product_id, _ = mug
        product = shop.client.get(f"/v1/products/{product_id}").json
        url = f"/v1/products/{path.format(**product)}"

        both = shop.client.get(f"{url}?expand=rank,variants.stock").json
        stock = shop.client.get(f"{url}?expand=variants.stock").json

        assert both == stock | {"expanded": {"rank": {"place": 1}}}

    def test_does_not_replace_the_version(self, shop, lamp, charlie):
        """An expanded product names its version, which If-Match takes."""
        url = f"/v1/products/{lamp['id']}"
        staff = shop.as_user(permissions=["products.write"])

        expanded = staff.get(f"{url}?expand=rank")
        changed = staff.patch(
            url, json={"name": "Alba"}, headers={"If-Match": f'"{expanded.json["version"]}"'}
        )

        assert "ETag" not in expanded.headers
        assert changed.status_code == 200

    def test_knows_only_what_is_composed(self, client, mug):
        """A name that no composed feature adds is refused."""
        refused = client.get("/v1/products?expand=rank")

        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/expand/0")
