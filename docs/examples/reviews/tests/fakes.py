"""A fake provider of the contract catalog with two variants for sale."""

from datetime import timedelta
from uuid import UUID

from mercato_contracts.catalog import Catalog, Quote, QuoteLine, VariantUnavailable
from mercato_kit.feature import Offer

LAMP = UUID("00000000-0000-7000-8000-000000000001")
MUG = UUID("00000000-0000-7000-8000-000000000002")

NAMES = {LAMP: "Desk lamp", MUG: "Coffee mug"}


class FakeCatalog:
    """A fake of the contract catalog."""

    def quote(self, lines, currency, at):
        """Price all lines or none."""
        if missing := lines.keys() - NAMES.keys():
            raise VariantUnavailable(missing)
        quoted = tuple(_quote_line(variant_id) for variant_id in lines)
        return Quote(quoted, currency, valid_until=at + timedelta(minutes=5))


def _quote_line(variant_id: UUID) -> QuoteLine:
    return QuoteLine(
        variant_id=variant_id,
        product_id=variant_id,
        sku=f"SKU-{variant_id.int % 1000}",
        name=NAMES[variant_id],
        variant_name="Standard",
        unit_amount=1_250,
    )


CATALOG = Offer(Catalog, "1.0", FakeCatalog)
