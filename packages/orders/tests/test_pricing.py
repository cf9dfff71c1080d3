from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from mercato_contracts.catalog import Quote, QuoteLine
from mercato_kit.db import MAX_SAFE_INTEGER
from mercato_orders.errors import AmountTooLarge
from mercato_orders.pricing import price
from mercato_orders.values import WantedLine, sum_quantities

AMOUNTS = st.integers(0, 10**9)
QUANTITIES = st.integers(1, 999)


def quote_of(unit_amounts):
    """Return a quote with one line per variant."""
    lines = tuple(
        QuoteLine(
            variant_id=variant_id,
            product_id=variant_id,
            sku="SKU",
            name="Name",
            variant_name="",
            unit_amount=unit_amount,
        )
        for variant_id, unit_amount in unit_amounts.items()
    )
    return Quote(lines, "EUR", valid_until=datetime(2030, 1, 1, tzinfo=UTC))


class TestPrice:
    @given(st.dictionaries(st.uuids(), st.tuples(AMOUNTS, QUANTITIES), min_size=1, max_size=100))
    def test_totals_are_exact(self, wanted):
        """Each total is exactly the sum of its parts, in minor units."""
        quote = quote_of({variant_id: amount for variant_id, (amount, _) in wanted.items()})
        quantities = {variant_id: quantity for variant_id, (_, quantity) in wanted.items()}

        order = price(quote, quantities)

        assert order.amount_subtotal == sum(amount * units for amount, units in wanted.values())
        assert order.amount_total == sum(line.amount_total for line in order.lines)
        assert order.amount_total == (
            order.amount_subtotal - order.amount_discount + order.amount_shipping + order.amount_tax
        )
        for line in order.lines:
            assert line.amount_subtotal == line.item.unit_amount * line.quantity
            assert line.amount_total == (
                line.amount_subtotal - line.amount_discount + line.amount_tax
            )

    @given(st.integers(0, 10), QUANTITIES, st.uuids())
    def test_totals_stay_exact_in_json(self, above, quantity, variant_id):
        """A total above 2^53 - 1 is refused; 2^53 - 1 itself is accepted."""
        unit_amount = MAX_SAFE_INTEGER // quantity + above
        quote = quote_of({variant_id: unit_amount})

        if unit_amount * quantity <= MAX_SAFE_INTEGER:
            assert price(quote, {variant_id: quantity}).amount_total == unit_amount * quantity
        else:
            with pytest.raises(AmountTooLarge):
                price(quote, {variant_id: quantity})


class TestSumQuantities:
    @given(st.lists(st.builds(WantedLine, st.uuids(), QUANTITIES), max_size=20))
    def test_sums_lines_of_a_variant(self, lines):
        """Quantities of a variant are summed, in the order in which variants first appear."""
        doubled = [*lines, *reversed(lines)]

        sums = sum_quantities(doubled)

        assert sum(sums.values()) == 2 * sum(line.quantity for line in lines)
        assert list(sums) == list(dict.fromkeys(line.variant_id for line in lines))
