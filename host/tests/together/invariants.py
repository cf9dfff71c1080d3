"""Invariants of a shop's database between requests: each query must return no rows."""

import sqlalchemy as sa

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
    "09 a paid order has one captured payment of its total, if it costs anything": """
        SELECT o.id, o.amount_total, o.amount_paid, SUM(p.amount_captured) AS captured
        FROM orders_order o
        LEFT JOIN orders_payment p ON p.order_id = o.id AND p.status = 'captured'
        WHERE o.payment_status = 'paid' AND o.amount_total > 0
        GROUP BY o.id, o.amount_total, o.amount_paid
        HAVING COUNT(p.id) <> 1 OR SUM(p.amount_captured) <> o.amount_total
            OR o.amount_paid <> o.amount_total""",
    "10 an unpaid order has no captured payment": """
        SELECT o.id FROM orders_order o JOIN orders_payment p ON p.order_id = o.id
        WHERE o.payment_status = 'unpaid' AND p.status = 'captured'""",
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
        HAVING COUNT(e.id) <> CASE WHEN o.payment_status = 'unpaid' THEN 0 ELSE 1 END""",
    "16 no more units are sold than were ever there": """
        SELECT sold.variant_id, sold.units FROM (
            SELECT l.variant_id, SUM(l.quantity) AS units
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
    "17 nothing is left half done": """
        SELECT id, status FROM orders_payment WHERE status IN ('processing', 'refund_due')""",
    "19a an order's number is its own": """
        SELECT number FROM orders_order GROUP BY number HAVING COUNT(*) > 1""",
    "19b an order's payment status follows from its payments": """
        SELECT o.id, o.payment_status FROM orders_order o
        LEFT JOIN orders_payment p ON p.order_id = o.id
            AND p.status IN ('authorized', 'captured', 'refunded')
        WHERE o.amount_total > 0
        GROUP BY o.id, o.payment_status
        HAVING o.payment_status <> CASE
            WHEN SUM(p.amount_refunded) > 0 AND SUM(p.amount_refunded) = SUM(p.amount_captured)
                THEN 'refunded'
            WHEN SUM(p.amount_refunded) > 0 THEN 'partially_refunded'
            WHEN COUNT(CASE WHEN p.status = 'captured' THEN 1 END) > 0 THEN 'paid'
            WHEN COUNT(CASE WHEN p.status = 'authorized' THEN 1 END) > 0 THEN 'authorized'
            ELSE 'unpaid' END""",
}

ORDERS_WITHOUT_A_KEY = """
    SELECT (SELECT COUNT(*) FROM orders_order)
        - (SELECT COUNT(*) FROM kit_idempotency
           WHERE scope LIKE '% POST /v1/orders' AND response_status = 201)"""


def find_violations(engine: sa.Engine) -> list[str]:
    """Return a line for each violated invariant, with the first rows that violate it."""
    violations = []
    with engine.connect() as connection:
        for name, query in INVARIANTS.items():
            if rows := connection.execute(sa.text(query)).fetchmany(5):
                violations.append(f"{name}: {[tuple(row) for row in rows]}")
    return violations


def count_orders_without_a_key(engine: sa.Engine) -> int:
    """Return the number of orders minus the number of idempotency keys answered with 201."""
    with engine.connect() as connection:
        return int(connection.execute(sa.text(ORDERS_WITHOUT_A_KEY)).scalar_one())
