"""A manifest of fakes, for apps without the features that give out tokens and know prices."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from mercato_contracts.catalog import Catalog, Quote, QuoteLine
from mercato_kit.feature import Feature, Offer
from mercato_testing.identity import FAKE_IDENTITY


class FakeCatalog:
    """A fake of the contract catalog that prices every variant, without SQL."""

    def quote(self, lines: Mapping[UUID, int], currency: str, at: datetime) -> Quote:
        """Price all *lines*."""
        return Quote(tuple(map(_quote_line, lines)), currency, valid_until=at)


def _quote_line(variant_id: UUID) -> QuoteLine:
    return QuoteLine(
        variant_id=variant_id,
        product_id=variant_id,
        sku=variant_id.hex,
        name="Lamp",
        variant_name="Standard",
        unit_amount=500,
    )


# The SQL guard walks up the stack to the first module that has an owner, and a module with an offer
# has one. In ``sql_guard.py``, which calls the guard, an offer would end the walk at once,
# and the benchmark would measure too little.
FAKES = Feature(
    name="fakes",
    summary="Tokens and prices.",
    offers=[FAKE_IDENTITY, Offer(Catalog, "1.0", FakeCatalog)],
)
