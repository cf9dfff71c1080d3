import pytest
import sqlalchemy as sa
from alembic import command

from mercato_database.history import histories
from mercato_database.runner import configure, migration_engine, upgrade
from mercato_kit.db import new_id
from mercato_orders.feature import feature

ORDER = """
INSERT INTO orders_order (
    id, number, status, payment_status, fulfillment_status, currency,
    amount_subtotal, amount_discount, amount_shipping, amount_tax, amount_total,
    amount_paid, amount_refunded, amount_rounding, tax_included, placed_at, created_at, updated_at)
VALUES (
    :order_id, 1001, 'open', 'unpaid', 'unfulfilled', 'EUR',
    2500, 0, 0, 0, 2500,
    0, 0, 0, false, :now, :now, :now)"""
LINE = """
INSERT INTO orders_line (
    id, order_id, position, product_id, variant_id, sku, name, variant_name, unit_amount, quantity,
    amount_subtotal, amount_discount, tax_rate_ppm, amount_tax, amount_total,
    requires_shipping, quantity_fulfilled, quantity_canceled, quantity_returned)
VALUES (
    :line_id, :order_id, 0, :line_id, :line_id, 'LAMP', 'Lamp', '', 1250, 2,
    2500, 0, 0, 0, 2500,
    true, 0, 0, 0)"""


class TestPricing:
    @pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
    def test_old_orders_keep_their_sums(self, empty_database, kind):
        """An order that was placed before has the same amounts, and no shipping."""
        url = empty_database(kind)
        (history,) = [one for one in histories([feature]) if one.feature == "orders"]
        with migration_engine(url) as engine, engine.begin() as connection:
            command.upgrade(configure(connection, history), "0001")
            as_text = (lambda made: made.hex) if kind == "sqlite" else str
            values = {"order_id": as_text(new_id()), "line_id": as_text(new_id())}
            values["now"] = "2030-01-01T00:00:00.000000Z"
            for statement in (ORDER, LINE):
                connection.execute(sa.text(statement), values)

        upgrade(url, [feature])

        with migration_engine(url) as engine, engine.connect() as connection:
            order = connection.execute(sa.text("SELECT * FROM orders_order")).mappings().one()
            line = connection.execute(sa.text("SELECT * FROM orders_line")).mappings().one()
        assert (order["amount_subtotal"], order["amount_total"]) == (2_500, 2_500)
        assert (order["shipping_method"], order["tax_id"], order["amount_shipping_tax"]) == (
            None,
            None,
            0,
        )
        assert (line["amount_total"], bool(line["tax_included"])) == (2_500, False)
