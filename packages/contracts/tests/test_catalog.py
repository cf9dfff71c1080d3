import dataclasses
import inspect
from datetime import UTC
from datetime import datetime
from uuid import UUID

import pytest

from mercato_contracts.catalog import Catalog
from mercato_contracts.catalog import Quote
from mercato_contracts.catalog import QuoteLine
from mercato_contracts.catalog import VariantUnavailable

ONE, TWO = UUID(int=1), UUID(int=2)
LINE = QuoteLine(
    variant_id=ONE, product_id=TWO, sku="LAMP", name="Lamp", variant_name="Oak", unit_amount=1999
)


class TestCatalog:
    def test_keeps_its_signatures(self):
        """Providers and callers of version 1 rely on these names and types."""
        assert _signatures(Catalog) == {
            "quote": (
                "(self, lines: collections.abc.Mapping[uuid.UUID, int], currency: str, "
                "at: datetime.datetime) -> mercato_contracts.catalog.Quote"
            )
        }


class TestQuoteLine:
    def test_keeps_its_fields(self):
        """What a quote tells of a variant, in version 1."""
        assert [field.name for field in dataclasses.fields(QuoteLine)] == [
            "variant_id",
            "product_id",
            "sku",
            "name",
            "variant_name",
            "unit_amount",
            "tax_code",
            "requires_shipping",
            "weight_grams",
            "image_url",
            "available",
        ]

    def test_needs_only_what_is_sold_and_for_how_much(self):
        """What may be unknown has a default that says so."""
        assert (LINE.tax_code, LINE.weight_grams, LINE.image_url, LINE.available) == (None,) * 4
        assert LINE.requires_shipping is True

    def test_cannot_be_changed(self):
        """A price that was quoted stays what it was."""
        with pytest.raises(dataclasses.FrozenInstanceError):
            LINE.unit_amount = 1


class TestQuote:
    def test_is_a_value(self):
        """Two quotes of the same are equal, and neither can be changed."""
        quote = Quote((LINE,), "EUR", datetime(2026, 1, 1, tzinfo=UTC))

        assert quote == Quote((LINE,), "EUR", datetime(2026, 1, 1, tzinfo=UTC))
        with pytest.raises(dataclasses.FrozenInstanceError):
            quote.currency = "USD"


class TestVariantUnavailable:
    def test_names_every_variant_in_order(self):
        """The refusal names all variants that cannot be sold, whatever the order they came in."""
        refusal = VariantUnavailable({TWO, ONE})

        assert refusal.variant_ids == (ONE, TWO)
        assert str(refusal) == f"not for sale: {ONE}, {TWO}"


def _signatures(protocol):
    return {
        name: str(inspect.signature(member))
        for name, member in vars(protocol).items()
        if inspect.isfunction(member) and not name.startswith("_")
    }
