"""The statements of the limit, for PostgreSQL."""

from marshmallow import Schema

from mercato_orders.schemas import OrderSchema, OrderSummarySchema
from mercato_orders.schemas.orders import LineSchema

# Only names of columns and other statements are put into the text.
# ruff: noqa: S608

LOCATION = "01900000-0000-7000-8000-000000000001"
TIMES = "version created_at updated_at"


def _words(schema: type[Schema]) -> str:
    """Return the columns that a schema shows; what is nested is read by queries of its own."""
    nested = {"metadata", "lines", "adjustments", "payments", "refunds", "fulfillments"}
    return " ".join(name for name in schema().dump_fields if name not in nested)


ORDER_COLUMNS = _words(OrderSummarySchema)
DETAIL_COLUMNS = f"{_words(OrderSchema)} metadata"
LINE_COLUMNS = _words(LineSchema)
STORED_LINE_COLUMNS = [word for word in LINE_COLUMNS.split() if word != "tax_rate"]


def _value(alias: str, column: str) -> str:
    if column.endswith("_at"):
        return f"""to_char({alias}.{column}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""
    if column == "tax_rate":
        return f"trim_scale({alias}.tax_rate_ppm / 10000.0)::text"
    return f"{alias}.{column}"


def _columns(alias: str, words: str) -> str:
    return ", ".join(f"{_value(alias, word)} AS {word}" for word in words.split())


def _object(alias: str, words: str, *others: str) -> str:
    """Return the SQL of a JSON object; *others* are names and values behind the columns."""
    pairs = [f"'{word}', {_value(alias, word)}" for word in words.split()]
    return f"json_build_object({', '.join([*pairs, *others])})"


def _product(condition: str) -> str:
    price = _object("r", "currency unit_amount compare_at_amount")
    prices = f"""(SELECT json_agg({price} ORDER BY r.currency)
        FROM products_price r WHERE r.variant_id = v.id)"""
    variant = _object(
        "v",
        "id product_id sku gtin name option_values position weight_grams requires_shipping "
        f"track_inventory tax_code status metadata {TIMES}",
        f"'prices', {prices}",
    )
    columns = (
        "id handle name description brand status options tax_code external_reference metadata "
        f"{TIMES} published_at archived_at"
    )
    return f"""
        SELECT {_columns("p", columns)},
            (SELECT m.url FROM products_media m WHERE m.product_id = p.id
                ORDER BY m.position LIMIT 1) AS image_url,
            (SELECT json_agg(c.category_id ORDER BY c.category_id)
                FROM products_product_category c WHERE c.product_id = p.id) AS category_ids,
            (SELECT json_agg({_object("m", "url alt variant_id")} ORDER BY m.position)
                FROM products_media m WHERE m.product_id = p.id) AS media,
            (SELECT json_agg({variant} ORDER BY v.position, v.id) FROM products_variant v
                WHERE v.product_id = p.id AND v.status = 'active') AS variants
        FROM products_product p WHERE p.status = 'active' AND {condition}"""


PRODUCT_BY_ID = _product("p.id = %s")
PRODUCT_BY_HANDLE = _product("p.handle = %s")

_SUMMARY = f"""
    SELECT {_columns("p", "id handle name brand status created_at updated_at")},
        (SELECT m.url FROM products_media m
            WHERE m.product_id = p.id AND m.position = 0) AS image_url,
        (SELECT {_object("r", "currency min_amount max_amount")} FROM products_price_range r
            WHERE r.product_id = p.id AND r.currency = 'EUR') AS price_range,
        (SELECT CASE MAX(CASE
                WHEN NOT v.track_inventory OR l.on_hand > l.reserved THEN 2
                WHEN l.on_hand + l.backorder_limit > l.reserved THEN 1 ELSE 0 END)
                WHEN 2 THEN 'in_stock' WHEN 1 THEN 'back_order' ELSE 'out_of_stock' END
            FROM products_variant v LEFT JOIN products_stock_level l
                ON l.variant_id = v.id AND l.location_id = '{LOCATION}'
            WHERE v.product_id = p.id AND v.status = 'active') AS availability
    FROM products_product p"""
BY_CATEGORY = f"""{_SUMMARY} WHERE p.status = 'active' AND p.id IN (
        SELECT k.product_id FROM products_product_category k
        JOIN products_category c ON c.id = k.category_id
        WHERE c.path LIKE (SELECT path FROM products_category WHERE handle = %s) || '%%')
    ORDER BY p.created_at DESC, p.id DESC LIMIT %s"""
BY_PRICE = f"""{_SUMMARY} JOIN products_price_range s ON s.product_id = p.id
    WHERE p.status = 'active' AND s.currency = %s AND s.max_amount >= %s
    ORDER BY s.min_amount, s.product_id LIMIT %s"""

_CALLER = """
    SELECT u.id, u.email_canonical, concat_ws(' ', u.given_name, u.family_name) AS name,
        EXISTS (SELECT FROM users_user_role o JOIN users_role_permission q USING (role_id)
            WHERE o.user_id = u.id AND q.permission = 'orders.read') AS reads_all
    FROM users_session s JOIN users_user u ON u.id = s.user_id
    WHERE s.id = %s AND s.user_id = %s AND s.revoked_at IS NULL AND s.expires_at > now()
        AND u.status = 'active' AND u.token_epoch = %s"""
_VISIBLE = """caller LEFT JOIN orders_order o
    ON (o.customer_id = caller.id OR caller.reads_all)"""
OWN_ORDERS = f"""
    WITH caller AS MATERIALIZED ({_CALLER}) SELECT {_columns("o", ORDER_COLUMNS)} FROM {_VISIBLE}
    ORDER BY o.created_at DESC, o.id DESC LIMIT %s"""
PARTS = ("adjustment", "payment", "refund", "fulfillment")
"""Parts of an order besides its lines; the orders that are read have none."""


def _ids(part: str) -> str:
    return f"""(SELECT COALESCE(json_agg({_object("y", "id")} ORDER BY y.id), '[]')
            FROM orders_{part} y WHERE y.order_id = o.id) AS {part}s"""


ORDER = f"""
    WITH caller AS ({_CALLER})
    SELECT {_columns("o", DETAIL_COLUMNS)},
        (SELECT json_agg({_object("l", LINE_COLUMNS)} ORDER BY l.position)
            FROM orders_line l WHERE l.order_id = o.id) AS lines,
        {", ".join(map(_ids, PARTS))}
    FROM {_VISIBLE} AND o.id = %s"""

CLAIM = f"""
    WITH caller AS ({_CALLER}), claimed AS (
        INSERT INTO kit_idempotency (scope, key, request_hash, created_at, expires_at)
        SELECT %s, %s, %s, now(), now() + interval '24 hours' FROM caller
        ON CONFLICT DO NOTHING RETURNING key)
    SELECT *, EXISTS (SELECT FROM claimed) AS claimed FROM caller"""
STORED = "SELECT request_hash, response_body FROM kit_idempotency WHERE scope = %s AND key = %s"
QUOTE = """
    SELECT (SELECT nextval('orders_number_seq')) AS number, v.id AS variant_id, v.product_id,
        v.sku, p.name, v.name AS variant_name, r.unit_amount, v.requires_shipping,
        (SELECT m.url FROM products_media m WHERE m.product_id = p.id
            ORDER BY m.position LIMIT 1) AS image_url
    FROM products_variant v
    JOIN products_product p ON p.id = v.product_id AND p.status = 'active'
    JOIN products_price r ON r.variant_id = v.id AND r.currency = %s
    WHERE v.id = ANY(%s::uuid[]) AND v.status = 'active'"""
WRITE = f"""
    WITH new AS (SELECT %s::json AS placed, %s::json AS lines, %s::uuid AS id,
        %s AS answer, %s AS scope, %s AS key),
    wanted AS MATERIALIZED (
        SELECT l.* FROM new, json_populate_recordset(NULL::orders_line, new.lines) l),
    locked AS (
        SELECT l.variant_id, l.on_hand + l.backorder_limit - l.reserved AS available
        FROM products_stock_level l
        WHERE l.location_id = '{LOCATION}' AND l.variant_id IN (SELECT variant_id FROM wanted)
        ORDER BY l.variant_id FOR NO KEY UPDATE),
    taken AS (
        UPDATE products_stock_level l
        SET reserved = l.reserved + w.quantity, version = l.version + 1
        FROM wanted w JOIN locked k ON k.variant_id = w.variant_id AND k.available >= w.quantity
        WHERE l.variant_id = w.variant_id AND l.location_id = '{LOCATION}'
        RETURNING l.variant_id, w.id, w.quantity),
    placed AS (
        INSERT INTO orders_order ({DETAIL_COLUMNS.replace(" ", ", ")})
        SELECT {", ".join(f"o.{word}" for word in DETAIL_COLUMNS.split())}
        FROM new, json_populate_record(NULL::orders_order, new.placed) o
        RETURNING id, number, customer_id, currency, amount_total, created_at, expires_at),
    lines AS (
        INSERT INTO orders_line (order_id, tax_rate_ppm, {", ".join(STORED_LINE_COLUMNS)})
        SELECT new.id, 0, {", ".join(f"w.{word}" for word in STORED_LINE_COLUMNS)}
        FROM new, wanted w),
    reservation AS (
        INSERT INTO products_stock_reservation (reference, status, expires_at, created_at)
        SELECT id, 'held', expires_at, created_at FROM placed),
    held AS (
        INSERT INTO products_stock_reservation_line (reference, variant_id, location_id, quantity,
            shipped, released, restocked, is_tracked)
        SELECT new.id, t.variant_id, '{LOCATION}', t.quantity, 0, 0, 0, true FROM new, taken t),
    moved AS (
        INSERT INTO products_stock_movement (id, variant_id, location_id, kind, on_hand_delta,
            reserved_delta, reference, reference_type, sequence, created_at)
        SELECT t.id, t.variant_id, '{LOCATION}', 'reserve', 0, t.quantity, p.id, 'reservation', 0,
            p.created_at
        FROM placed p, taken t),
    announced AS (
        INSERT INTO orders_event (id, order_id, type, is_public, actor_type, actor_id, data,
            created_at)
        SELECT id, id, 'order.placed', true, 'customer', customer_id, '{{}}', created_at
        FROM placed),
    published AS (
        INSERT INTO kit_outbox (id, topic, aggregate_type, aggregate_id, aggregate_version,
            payload, payload_version, created_at)
        SELECT id, 'order.placed', 'order', id, 1, json_build_object('order_id', id,
            'number', number, 'customer_id', customer_id, 'currency', currency,
            'amount_total', amount_total), 1, created_at
        FROM placed),
    kept AS (
        UPDATE kit_idempotency i SET response_status = 201, response_body = new.answer,
            response_headers = json_build_object('Location', '/v1/orders/' || new.id)
        FROM new WHERE i.scope = new.scope AND i.key = new.key)
    SELECT count(*) AS taken FROM taken"""
