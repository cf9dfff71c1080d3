import sqlalchemy as sa

from mercato_kit.db import session, utc_now
from mercato_products import services
from mercato_products.models import Category, Price, PriceRange, Product, StockLevel, Variant
from mercato_products.sample_data import make_sample_data
from mercato_products.services.listings import refresh_price_ranges

from .invariants import check_invariants


def count(model, *conditions):
    """Count rows."""
    return session.scalar(sa.select(sa.func.count()).select_from(model).where(*conditions))


class TestMakeSampleData:
    def test_fills_the_catalogue(self, commit):
        """There are 500 or more products in categories, in three currencies, some sold out."""
        samples = {}

        lines = commit(make_sample_data, samples)

        assert commit(count, Product, Product.status == "active") >= 500
        assert commit(count, Category, Category.parent_id.is_not(None)) >= 10
        assert commit(count, Variant) > commit(count, Product)
        currencies = commit(lambda: set(session.scalars(sa.select(Price.currency).distinct())))
        assert currencies == {"EUR", "USD", "JPY"}
        assert commit(count, StockLevel, StockLevel.available == 0) > 10
        assert commit(count, StockLevel, StockLevel.backorder_limit > 0) > 10
        assert all(isinstance(line, str) for line in lines)

    def test_leaves_variants_that_can_be_ordered(self, commit):
        """The sample variants for other features are for sale and well stocked."""
        samples = {}

        commit(make_sample_data, samples)

        wanted = dict.fromkeys(samples["variant_ids"], 1)
        assert len(wanted) >= 10
        for currency in ("EUR", "USD", "JPY"):
            quoted = commit(services.quote_variants, wanted, currency, utc_now())
            assert all(line.available >= 40 for line in quoted.lines)

    def test_keeps_the_invariants_of_the_stock(self, commit):
        """The opening stock is recorded in the ledger."""
        commit(make_sample_data, {})

        commit(check_invariants)

    def test_price_ranges_are_those_of_the_services(self, commit):
        """The price ranges inserted in bulk equal the ranges that the services compute."""
        commit(make_sample_data, {})

        def ranges():
            rows = session.scalars(sa.select(PriceRange).order_by(PriceRange.product_id))
            return sorted((r.product_id, r.currency, r.min_amount, r.max_amount) for r in rows)

        before = commit(ranges)
        some = sorted({row[0] for row in before})[::40]
        commit(lambda: [refresh_price_ranges(product_id) for product_id in some])

        assert commit(ranges) == before

    def test_is_the_same_everywhere(self, commit):
        """Names, skus and prices do not depend on the machine or the day."""
        commit(make_sample_data, {})

        first = commit(
            lambda: session.execute(
                sa.select(Variant.sku, Variant.name, Price.unit_amount)
                .join(Variant.prices)
                .where(Price.currency == "JPY")
                .order_by(Variant.sku)
                .limit(2)
            ).all()
        )

        assert [tuple(row) for row in first] == [
            ("ALBAPR-261-01", "Natural", 6380),
            ("ALBAPR-261-02", "Charcoal", 7180),
        ]

    def test_does_nothing_the_second_time(self, commit):
        """A second run changes nothing, but still returns the sample variants."""
        first, second = {}, {}
        commit(make_sample_data, first)
        before = commit(count, Variant)

        commit(make_sample_data, second)

        assert (commit(count, Variant), second) == (before, first)
