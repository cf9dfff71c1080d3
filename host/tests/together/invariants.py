"""Invariants of a shop's database between requests: each query must return no rows."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

_LEDGER_TABLE = sa.Table(
    "provider_charge",
    sa.MetaData(),
    sa.Column("payment_id", sa.Uuid),
    sa.Column("captured", sa.BigInteger),
    sa.Column("refunded", sa.BigInteger),
    prefixes=["TEMPORARY"],
)

INVARIANTS = {
    "01 stock is never negative, and never promised beyond supply": """
        SELECT variant_id, on_hand, reserved, backorder_limit FROM products_stock_level
        WHERE on_hand < 0 OR reserved < 0 OR reserved > on_hand + backorder_limit""",
    "02 the ledger explains the units in the building": """
        SELECT l.variant_id, l.on_hand, COALESCE(SUM(m.on_hand_delta), 0) AS explained
        FROM products_stock_level l
        LEFT JOIN products_stock_movement m
            ON m.variant_id = l.variant_id AND m.location_id = l.location_id
        GROUP BY l.variant_id, l.location_id, l.on_hand
        HAVING l.on_hand <> COALESCE(SUM(m.on_hand_delta), 0)""",
    "03 the ledger explains the units promised": """
        SELECT l.variant_id, l.reserved, COALESCE(SUM(m.reserved_delta), 0) AS explained
        FROM products_stock_level l
        LEFT JOIN products_stock_movement m
            ON m.variant_id = l.variant_id AND m.location_id = l.location_id
        GROUP BY l.variant_id, l.location_id, l.reserved
        HAVING l.reserved <> COALESCE(SUM(m.reserved_delta), 0)""",
    "04 the reservations explain the units promised": """
        SELECT l.variant_id, l.reserved
        FROM products_stock_level l
        LEFT JOIN products_stock_reservation_line r
            ON r.variant_id = l.variant_id AND r.location_id = l.location_id
        GROUP BY l.variant_id, l.location_id, l.reserved
        HAVING l.reserved <> COALESCE(SUM(r.quantity - r.shipped - r.released), 0)""",
    "05 every order has its reservation": """
        SELECT o.id FROM orders_order o
        LEFT JOIN products_stock_reservation r ON r.reference = o.id
        WHERE r.reference IS NULL""",
    "06 every reservation has its order, unless it is a tombstone": """
        SELECT r.reference FROM products_stock_reservation r
        LEFT JOIN orders_order o ON o.id = r.reference
        WHERE o.id IS NULL AND EXISTS (
            SELECT 1 FROM products_stock_reservation_line l WHERE l.reference = r.reference)""",
    "07 an order and its reservation name the same units": """
        SELECT reference, variant_id, SUM(wanted) AS ordered, SUM(held) AS reserved FROM (
            SELECT order_id AS reference, variant_id, quantity AS wanted, 0 AS held
            FROM orders_line
            UNION ALL
            SELECT reference, variant_id, 0, quantity FROM products_stock_reservation_line
        ) AS units
        GROUP BY reference, variant_id
        HAVING SUM(wanted) <> SUM(held)""",
    "08 an order and its reservation are in the same state": """
        SELECT o.id, o.status, o.payment_status, r.status AS reservation
        FROM orders_order o JOIN products_stock_reservation r ON r.reference = o.id
        WHERE NOT (
            (o.status = 'open' AND o.payment_status = 'unpaid' AND r.status = 'held')
            OR (o.status = 'open' AND o.payment_status <> 'unpaid' AND r.status = 'committed')
            OR (o.status = 'completed' AND r.status = 'closed')
            OR (o.status IN ('canceled', 'expired') AND r.status = 'released' AND NOT EXISTS (
                SELECT 1 FROM products_stock_reservation_line l
                WHERE l.reference = r.reference AND l.quantity <> l.shipped + l.released)))""",
    "09 a paid order has one payment of what was due, if it costs anything": """
        SELECT o.id, o.amount_total, o.amount_paid, o.amount_canceled FROM orders_order o
        WHERE o.payment_status NOT IN ('unpaid', 'authorized') AND o.amount_total > 0
            AND (o.amount_paid + o.amount_canceled <> o.amount_total OR NOT EXISTS (
                SELECT 1 FROM orders_payment p
                WHERE p.order_id = o.id AND p.status IN ('captured', 'refunded')
                    AND p.amount_captured = o.amount_paid))""",
    "10 an order that is not paid has no captured payment": """
        SELECT p.id FROM orders_payment p JOIN orders_order o ON o.id = p.order_id
        WHERE p.status = 'captured' AND o.payment_status IN ('unpaid', 'authorized')""",
    "11 an order has at most one active payment": """
        SELECT order_id FROM orders_payment
        WHERE status IN ('processing', 'requires_action', 'authorized', 'captured')
        GROUP BY order_id HAVING COUNT(*) > 1""",
    "13a an order's totals are those of its lines": """
        SELECT o.id FROM orders_order o JOIN orders_line l ON l.order_id = o.id
        GROUP BY o.id, o.amount_subtotal, o.amount_discount, o.amount_tax, o.amount_total,
            o.amount_shipping, o.amount_shipping_tax, o.amount_rounding, o.tax_included
        HAVING o.amount_subtotal <> SUM(l.amount_subtotal)
            OR o.amount_discount <> SUM(l.amount_discount)
            OR o.amount_tax <> SUM(l.amount_tax) + o.amount_shipping_tax
            OR o.amount_total <> o.amount_subtotal - o.amount_discount + o.amount_shipping
                + CASE WHEN o.tax_included THEN 0 ELSE o.amount_tax END + o.amount_rounding""",
    "13b an order's adjustments explain its total": """
        SELECT o.id FROM orders_order o LEFT JOIN orders_adjustment a ON a.order_id = o.id
            AND NOT (o.tax_included AND a.kind = 'tax')
        GROUP BY o.id, o.amount_subtotal, o.amount_total
        HAVING o.amount_total <> o.amount_subtotal + COALESCE(SUM(a.amount), 0)""",
    "13c a line's discount is that of its adjustments": """
        SELECT l.id FROM orders_line l LEFT JOIN orders_adjustment a ON a.line_id = l.id
            AND a.kind = 'discount'
        GROUP BY l.id, l.amount_discount
        HAVING l.amount_discount <> -COALESCE(SUM(a.amount), 0)""",
    "14a every key has its answer": """
        SELECT scope, key FROM kit_idempotency WHERE response_status IS NULL""",
    "15a an order was placed once": """
        SELECT o.id FROM orders_order o
        LEFT JOIN kit_outbox e ON e.aggregate_id = o.id AND e.topic = 'order.placed'
        GROUP BY o.id HAVING COUNT(e.id) <> 1""",
    "15b a paid order was paid once": """
        SELECT o.id, o.payment_status FROM orders_order o
        LEFT JOIN kit_outbox e ON e.aggregate_id = o.id AND e.topic = 'order.paid'
        GROUP BY o.id, o.payment_status
        HAVING COUNT(e.id)
            <> CASE WHEN o.payment_status IN ('unpaid', 'authorized') THEN 0 ELSE 1 END""",
    "16 no more units are sold than were ever there": """
        SELECT sold.variant_id, sold.units FROM (
            SELECT l.variant_id, SUM(l.quantity - l.quantity_canceled) AS units
            FROM orders_line l JOIN orders_order o ON o.id = l.order_id
            WHERE o.status IN ('open', 'completed') GROUP BY l.variant_id) AS sold
        JOIN (
            SELECT v.variant_id, SUM(v.backorder_limit) AS extra
            FROM products_stock_level v GROUP BY v.variant_id) AS promised
            ON promised.variant_id = sold.variant_id
        WHERE sold.units > promised.extra + COALESCE((
            SELECT SUM(m.on_hand_delta) FROM products_stock_movement m
            WHERE m.variant_id = sold.variant_id
                AND m.kind IN ('receipt', 'adjustment', 'restock')), 0)""",
    "17a no payment is left half done": """
        SELECT id, status, amount_capture_pending, amount_refund_pending FROM orders_payment
        WHERE status IN ('processing', 'requires_action', 'refund_due')
            OR void_requested_at IS NOT NULL
            OR amount_capture_pending + amount_refund_pending > 0""",
    "17b no refund is left half done": """
        SELECT id, amount FROM orders_refund WHERE status = 'pending'""",
    "17c no capture is left half done": """
        SELECT id, amount FROM orders_capture WHERE status = 'pending'""",
    "17d no event of a provider is left": """
        SELECT provider, event_id FROM orders_payment_event WHERE processed_at IS NULL""",
    "17e no parcel is left half done": """
        SELECT id FROM orders_fulfillment WHERE status = 'pending'""",
    "19a an order's number is its own": """
        SELECT number FROM orders_order GROUP BY number HAVING COUNT(*) > 1""",
    "19b an order's payment status follows from its payments": """
        SELECT o.id, o.payment_status FROM orders_order o
        WHERE o.payment_status <> CASE
            WHEN EXISTS (SELECT 1 FROM orders_payment p
                WHERE p.order_id = o.id AND p.status = 'authorized') THEN 'authorized'
            WHEN o.amount_refunded > 0 AND o.amount_refunded = o.amount_paid THEN 'refunded'
            WHEN o.amount_refunded > 0 THEN 'partially_refunded'
            WHEN o.amount_paid = o.amount_total - o.amount_canceled
                AND (o.amount_paid > 0 OR o.amount_total = 0) THEN 'paid'
            ELSE 'unpaid' END""",
    "19c an order's fulfilment status follows from its lines": """
        SELECT o.id, o.fulfillment_status FROM orders_order o
        JOIN orders_line l ON l.order_id = o.id
        GROUP BY o.id, o.fulfillment_status
        HAVING o.fulfillment_status <> CASE
            WHEN SUM(l.quantity_fulfilled) = 0 THEN 'unfulfilled'
            WHEN SUM(l.quantity_returned) = SUM(l.quantity_fulfilled) THEN 'returned'
            WHEN SUM(l.quantity_fulfilled + l.quantity_canceled) = SUM(l.quantity) THEN 'fulfilled'
            ELSE 'partially_fulfilled' END""",
    "20 the refunds explain what a payment gave back": """
        SELECT p.id, p.amount_refunded, p.amount_refund_pending FROM orders_payment p
        LEFT JOIN orders_refund r ON r.payment_id = p.id
        GROUP BY p.id, p.amount_refunded, p.amount_refund_pending
        HAVING p.amount_refunded
                <> COALESCE(SUM(r.amount) FILTER (WHERE r.status = 'succeeded'), 0)
            OR p.amount_refund_pending
                <> COALESCE(SUM(r.amount) FILTER (WHERE r.status = 'pending'), 0)""",
    "21 the captures explain what an authorized payment has taken": """
        SELECT p.id, p.amount_captured, p.amount_capture_pending FROM orders_payment p
        LEFT JOIN orders_capture c ON c.payment_id = p.id
        WHERE p.capture = 'later'
        GROUP BY p.id, p.amount_captured, p.amount_capture_pending
        HAVING p.amount_captured
                <> COALESCE(SUM(c.amount) FILTER (WHERE c.status = 'succeeded'), 0)
            OR p.amount_capture_pending
                <> COALESCE(SUM(c.amount) FILTER (WHERE c.status = 'pending'), 0)""",
    "22 the parcels explain the units of a line that are sent": """
        SELECT l.id, l.quantity_fulfilled, l.quantity_pending FROM orders_line l
        LEFT JOIN orders_fulfillment_line u ON u.line_id = l.id
        LEFT JOIN orders_fulfillment f ON f.id = u.fulfillment_id
        GROUP BY l.id, l.quantity_fulfilled, l.quantity_pending
        HAVING l.quantity_fulfilled
                <> COALESCE(SUM(u.quantity) FILTER (WHERE f.status IN ('shipped', 'delivered')), 0)
            OR l.quantity_pending
                <> COALESCE(SUM(u.quantity) FILTER (WHERE f.status = 'pending'), 0)""",
    "23a the refunds explain the units of a line that are refunded": """
        SELECT l.id, l.quantity_refunded, l.quantity_returned FROM orders_line l
        LEFT JOIN orders_refund_line r ON r.line_id = l.id
        GROUP BY l.id, l.quantity_refunded, l.quantity_returned, l.quantity_canceled
        HAVING l.quantity_returned
                <> COALESCE(SUM(r.quantity) FILTER (WHERE r.kind = 'returned'), 0)
            OR l.quantity_refunded
                <> COALESCE(SUM(r.quantity) FILTER (WHERE r.kind IN ('returned', 'kept')), 0)
            OR l.quantity_canceled
                < COALESCE(SUM(r.quantity) FILTER (WHERE r.kind = 'canceled'), 0)""",
    "23b the units of a line are refunded with no more than it cost": """
        SELECT l.id, l.amount_total FROM orders_line l
        JOIN orders_refund_line u ON u.line_id = l.id
        JOIN orders_refund r ON r.id = u.refund_id AND r.status = 'succeeded'
        GROUP BY l.id, l.amount_total HAVING SUM(u.amount) > l.amount_total""",
    "24 stock has sent and released what the order has": """
        SELECT l.id, l.quantity_fulfilled, l.quantity_canceled
        FROM orders_line l JOIN orders_order o ON o.id = l.order_id
        JOIN (
            SELECT reference, variant_id, SUM(shipped) AS shipped, SUM(released) AS released
            FROM products_stock_reservation_line GROUP BY reference, variant_id) AS r
            ON r.reference = o.id AND r.variant_id = l.variant_id
        WHERE r.shipped <> l.quantity_fulfilled
            OR (o.status IN ('open', 'completed') AND r.released <> l.quantity_canceled)""",
}

LEDGER = {
    "12a the provider and the shop have the same payments": """
        SELECT c.payment_id, c.captured, c.refunded, p.status, p.amount_captured, p.amount_refunded
        FROM provider_charge c LEFT JOIN orders_payment p ON p.id = c.payment_id
        WHERE p.id IS NULL OR c.captured <> p.amount_captured OR c.refunded <> p.amount_refunded
            OR (c.captured > c.refunded AND p.status NOT IN ('captured', 'authorized'))""",
    "12b the provider and the shop have the same money": """
        SELECT charged.kept, paid.kept FROM
            (SELECT COALESCE(SUM(captured - refunded), 0) AS kept FROM provider_charge) AS charged,
            (SELECT COALESCE(SUM(amount_paid - amount_refunded), 0) AS kept FROM orders_order
                WHERE id IN (SELECT p.order_id FROM orders_payment p
                    JOIN provider_charge c ON c.payment_id = p.id)) AS paid
        WHERE charged.kept <> paid.kept""",
    "12c no order was charged twice": """
        SELECT p.order_id FROM provider_charge c JOIN orders_payment p ON p.id = c.payment_id
        WHERE c.captured > c.refunded GROUP BY p.order_id HAVING COUNT(*) > 1""",
}
"""Invariants beside the ledger of a payment provider, ``provider_charge``."""

ORDERS_WITHOUT_A_KEY = """
    SELECT (SELECT COUNT(*) FROM orders_order)
        - (SELECT COUNT(*) FROM kit_idempotency
           WHERE scope LIKE '% POST /v1/orders' AND response_status = 201)"""


def find_violations(engine: sa.Engine) -> list[str]:
    """Return a line for each violated invariant, with the first rows that violate it."""
    with engine.connect() as connection:
        return list(_violations(connection, INVARIANTS))


def find_violations_of_ledger(
    engine: sa.Engine, charges: Iterable[Mapping[str, Any]], movements: Iterable[Mapping[str, Any]]
) -> list[str]:
    """Return a line for each violated invariant of the shop and its payment provider.

    Args:
        engine: Of the shop's database.
        charges: The provider's: payment_id, captured, refunded.
        movements: Each time that it moved money: kind, reference, amount.
    """
    moved = Counter((one["kind"], one["charge_id"], one["reference"]) for one in movements)
    twice = [f"money moved twice: {one}" for one, times in moved.items() if times > 1]
    with engine.connect() as connection:
        _LEDGER_TABLE.create(connection)
        rows = [{**one, "payment_id": UUID(one["payment_id"])} for one in charges]
        if rows:
            connection.execute(sa.insert(_LEDGER_TABLE), rows)
        # It is temporary, and rolled back.
        return [*twice, *_violations(connection, LEDGER)]


def _violations(connection: sa.Connection, queries: Mapping[str, str]) -> Iterator[str]:
    for name, query in queries.items():
        if rows := connection.execute(sa.text(query)).fetchmany(5):
            yield f"{name}: {[tuple(row) for row in rows]}"


def count_orders_without_a_key(engine: sa.Engine) -> int:
    """Return the number of orders minus the number of idempotency keys answered with 201."""
    with engine.connect() as connection:
        return int(connection.execute(sa.text(ORDERS_WITHOUT_A_KEY)).scalar_one())
