import dataclasses
import inspect
from datetime import UTC, datetime
from uuid import UUID

import pytest

from mercato_contracts.catalog import Catalog, Quote, QuoteLine, VariantUnavailable

ONE, TWO = UUID(int=1), UUID(int=2)
LINE = QuoteLine(
    variant_id=ONE, product_id=TWO, sku="LAMP", name="Lamp", variant_name="Oak", unit_amount=1999
)


class TestCatalog:
    def test_keeps_its_signatures(self):
        """The signatures of version 1 do not change."""
        assert _signatures(Catalog) == {
            "quote": (
                "(self, lines: collections.abc.Mapping[uuid.UUID, int], currency: str, "
                "at: datetime.datetime) -> mercato_contracts.catalog.Quote"
            )
        }


class TestQuoteLine:
    def test_keeps_its_fields(self):
        """A quote line of version 1 has these fields, in this order."""
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
            "category_ids",
        ]

    def test_has_defaults_for_optional_fields(self):
        """Fields that may be unknown default to None."""
        assert (LINE.tax_code, LINE.weight_grams, LINE.image_url, LINE.available) == (None,) * 4
        assert LINE.requires_shipping is True

    def test_cannot_be_changed(self):
        """A quote line is frozen."""
        with pytest.raises(dataclasses.FrozenInstanceError):
            LINE.unit_amount = 1


class TestQuote:
    def test_is_a_value(self):
        """Quotes with equal fields are equal, and a quote is frozen."""
        quote = Quote((LINE,), "EUR", datetime(2026, 1, 1, tzinfo=UTC))

        assert quote == Quote((LINE,), "EUR", datetime(2026, 1, 1, tzinfo=UTC))
        with pytest.raises(dataclasses.FrozenInstanceError):
            quote.currency = "USD"


class TestVariantUnavailable:
    def test_names_every_variant_in_order(self):
        """The exception lists all unavailable variants, sorted by id."""
        refusal = VariantUnavailable({TWO, ONE})

        assert refusal.variant_ids == (ONE, TWO)
        assert str(refusal) == f"unavailable variants: {ONE}, {TWO}"


def _signatures(protocol):
    return {
        name: str(inspect.signature(member))
        for name, member in vars(protocol).items()
        if inspect.isfunction(member) and not name.startswith("_")
    }
