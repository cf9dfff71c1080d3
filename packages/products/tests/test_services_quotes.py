from uuid import UUID

import pytest

from mercato_contracts.catalog import Catalog, QuoteLine, VariantUnavailable
from mercato_kit import services
from mercato_kit.db import new_id, session, utc_now
from mercato_products.models import Category
from mercato_products.services import create_category
from mercato_products.values import NewCategory

from . import factories
from .factories import LAMP


@pytest.fixture
def quote(commit):
    """A function that calls the contract in a unit of work."""
    return lambda lines, currency="EUR": commit(
        lambda: services.get(Catalog).quote(lines, currency, utc_now())
    )


def _make_categories():
    """Create Home, Lamps below it, and two more; return their ids."""
    home = create_category(NewCategory(name="Home")).id
    lamps = create_category(NewCategory(name="Lamps", parent_id=home)).id
    return home, lamps, *(create_category(NewCategory(name=name)).id for name in ("Sale", "Gone"))


class TestQuote:
    def test_prices_a_variant(self, charlie, quote):
        """A line has all that an order stores of a variant."""
        product = charlie.post("/v1/products", json=LAMP | {"tax_code": "standard"}).json
        url = f"/v1/products/{product['id']}/media"
        charlie.put(url, json=[{"url": "https://img.example.com/lamp.jpg"}])
        variant_id, product_id = UUID(product["variants"][0]["id"]), UUID(product["id"])

        answer = quote({variant_id: 2}, "JPY")

        assert answer.currency == "JPY"
        assert answer.valid_until > utc_now()
        assert answer.lines == (
            QuoteLine(
                variant_id=variant_id,
                product_id=product_id,
                sku="LAMP-BLACK",
                name="Alba Desk Lamp",
                variant_name="Black / 2 m",
                unit_amount=15800,
                tax_code="standard",
                requires_shipping=True,
                weight_grams=1800,
                image_url="https://img.example.com/lamp.jpg",
                available=0,
            ),
        )

    def test_returns_categories_with_those_above_them(self, commit, quote):
        """A line has the categories of its product and their parents, without removed ones."""
        home, lamps, sale, gone = commit(_make_categories)
        lamp, desk = commit(factories.make_variants, category_ids=[lamps, sale, gone]) + commit(
            factories.make_variants, category_ids=[home]
        )
        commit(lambda: setattr(session.get_one(Category, gone), "is_removed", True))
        (loose,) = commit(factories.make_variants)

        lines = quote(dict.fromkeys([lamp, desk, loose], 1)).lines

        assert [line.category_ids for line in lines] == [{home, lamps, sale}, {home}, frozenset()]

    def test_keeps_the_order_of_the_lines(self, commit, quote):
        """The lines of a quote are in the order of the request."""
        variants = commit(factories.make_variants, 5)[::-1]

        answer = quote(dict.fromkeys(variants, 1))

        assert [line.variant_id for line in answer.lines] == variants

    def test_returns_available_units(self, commit, quote):
        """Available units include the backorder limit; None for untracked variants."""
        one, two = commit(factories.make_variants, 2, stock=5)
        (card,) = commit(factories.make_variants, track_inventory=False)
        commit(factories.hold, {one: 3})
        commit(lambda: factories.allow_back_orders(session, two, 4))

        answer = quote({one: 1, two: 1, card: 1})

        assert [line.available for line in answer.lines] == [2, 9, None]

    def test_returns_the_image_of_the_variant(self, charlie, commit, quote):
        """The image is the variant's own, else the first of the product."""
        product_id, (one, two) = commit(factories.make_product, variants=2)
        pictures = [
            {"url": "https://e.com/1.jpg"},
            {"url": "https://e.com/2.jpg"},
            {"url": "https://e.com/3.jpg", "variant_id": str(two)},
        ]
        charlie.put(f"/v1/products/{product_id}/media", json=pictures)

        answer = quote({one: 1, two: 1})

        assert [line.image_url for line in answer.lines] == [
            "https://e.com/1.jpg",
            "https://e.com/3.jpg",
        ]

    def test_lists_unavailable_variants(self, charlie, commit, quote):
        """Drafts, archived, unpriced and unknown variants are refused together."""
        (good,) = commit(factories.make_variants)
        (draft,) = commit(factories.make_variants, status="draft")
        (archived,) = commit(factories.make_variants)
        charlie.delete(f"/v1/variants/{archived}", headers={"If-Match": '"1"'})
        stranger = new_id()

        with pytest.raises(VariantUnavailable) as refusal:
            quote(dict.fromkeys([good, draft, archived, stranger], 1))
        with pytest.raises(VariantUnavailable) as no_price:
            quote({good: 1}, "USD")

        assert set(refusal.value.variant_ids) == {draft, archived, stranger}
        assert no_price.value.variant_ids == (good,)

    @pytest.mark.parametrize("lines", [1, 5, 20])
    def test_is_one_statement(self, commit, quote, statements, lines):
        """A quote takes one statement for any number of lines."""
        variants = commit(factories.make_variants, lines, stock=1)

        with statements as sent:
            quote(dict.fromkeys(variants, 1))

        assert len(sent) == 1, sent
