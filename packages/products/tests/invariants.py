"""Invariants of the stock: each query returns the rows that violate one."""

import sqlalchemy as sa

from mercato_kit.db import session

INVARIANTS = {
    "1: reserved units are on hand or within the backorder limit": """
        SELECT * FROM products_stock_level
        WHERE on_hand < 0 OR reserved < 0 OR reserved > on_hand + backorder_limit
    """,
    "2 and 3: each level is the sum of its movements": """
        SELECT l.variant_id FROM products_stock_level l
        LEFT JOIN products_stock_movement m
        ON m.variant_id = l.variant_id AND m.location_id = l.location_id
        GROUP BY l.variant_id, l.location_id, l.on_hand, l.reserved
        HAVING COALESCE(SUM(m.on_hand_delta), 0) <> l.on_hand
        OR COALESCE(SUM(m.reserved_delta), 0) <> l.reserved
    """,
    "2 and 3: there are no movements of units without a level": """
        SELECT m.id FROM products_stock_movement m
        LEFT JOIN products_stock_level l
        ON m.variant_id = l.variant_id AND m.location_id = l.location_id
        WHERE l.variant_id IS NULL AND (m.on_hand_delta <> 0 OR m.reserved_delta <> 0)
    """,
    "4: reserved units are the sum of the remaining units of the lines": """
        SELECT l.variant_id FROM products_stock_level l
        LEFT JOIN products_stock_reservation_line r
        ON r.variant_id = l.variant_id AND r.location_id = l.location_id AND r.is_tracked
        GROUP BY l.variant_id, l.location_id, l.reserved
        HAVING COALESCE(SUM(r.quantity - r.shipped - r.released), 0) <> l.reserved
    """,
    "8: a closed or released reservation has no remaining units": """
        SELECT r.reference FROM products_stock_reservation r
        JOIN products_stock_reservation_line l ON l.reference = r.reference
        WHERE r.status IN ('closed', 'released') AND l.quantity > l.shipped + l.released
    """,
    "9: a product is in stock if an active variant has units in hand, or needs none": """
        SELECT p.id FROM products_product p
        WHERE p.in_stock <> EXISTS (
            SELECT 1 FROM products_variant v
            LEFT JOIN products_stock_level l ON l.variant_id = v.id
            LEFT JOIN products_location a ON a.id = l.location_id
            WHERE v.product_id = p.id AND v.status = 'active'
            AND (NOT v.track_inventory OR l.on_hand > l.reserved AND a.is_default)
        )
    """,
    "11: a variant is for sale if it is active, and so is its product": """
        SELECT v.id FROM products_variant v JOIN products_product p ON p.id = v.product_id
        WHERE v.is_for_sale <> (v.status = 'active' AND p.status = 'active')
    """,
    **{
        f"10: the rows of {table} say whether their product is in stock": f"""
            SELECT c.product_id FROM products_{table} c
            JOIN products_product p ON p.id = c.product_id WHERE p.in_stock <> c.in_stock
        """  # noqa: S608 - of this line
        for table in ("category_listing", "category_price", "price_range")
    },
}


def check_invariants():
    """Check that no row violates an invariant."""
    for name, query in INVARIANTS.items():
        assert session.execute(sa.text(query)).all() == [], name
