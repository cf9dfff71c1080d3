"""The limit: the shop's main routes with nothing between WSGI, psycopg and msgspec.

One statement a read, on PostgreSQL only. It has no framework, log, metric or entity, but checks
tokens, and places orders with key, locks, ledger and outbox. Answers equal those of the shop.
"""

import base64
import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import psycopg
import uuid_utils.compat
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from psycopg.adapt import Loader
from psycopg.types.string import TextLoader

from parts import limit_sql as sql
from parts.shop import Shop

Answer = tuple[str, bytes]
encode = msgspec.json.encode


def _new(columns: str) -> dict[str, Any]:
    """Return what a new row shows: nothing, and 0 of what is counted."""
    counted = ("amount_", "quantity_")
    return {word: 0 if word.startswith(counted) else None for word in columns.split()}


_NEW_ORDER, _NEW_LINE = _new(sql.DETAIL_COLUMNS), _new(sql.LINE_COLUMNS)


class Line(msgspec.Struct):
    """Units of a variant."""

    variant_id: str
    quantity: int


class Address(msgspec.Struct, omit_defaults=True):
    """A postal address."""

    name: str
    line1: str
    city: str
    country: str
    line2: str | None = None
    region: str | None = None
    postal_code: str | None = None


class NewOrder(msgspec.Struct):
    """An order to place."""

    lines: list[Line]
    currency: str
    shipping_address: Address


class Claims(msgspec.Struct):
    """Claims of an access token."""

    sub: str
    sid: str
    epoch: int
    exp: int


class Refused(Exception):
    """A status other than 200 or 201."""


class RawLoader(Loader):
    """Keeps JSON as the database wrote it."""

    def load(self, data: Any) -> msgspec.Raw:
        """Return the bytes of a column."""
        return msgspec.Raw(bytes(data))


def make_app(shop: Shop) -> Callable[..., Iterable[bytes]]:
    """Make the WSGI application on the database of a shop."""
    limit = Limit(shop)
    routes: list[tuple[re.Pattern[str], Callable[..., Answer]]] = [
        (re.compile(r"GET /healthz"), lambda _: ("200 OK", b'{"status":"alive"}')),
        (re.compile(r"GET /v1/products/([0-9a-f-]{36})"), limit.get_product),
        (re.compile(r"GET /v1/products"), limit.list_products),
        (re.compile(r"GET /v1/orders/([0-9a-f-]{36})"), limit.get_order),
        (re.compile(r"GET /v1/orders"), limit.list_orders),
        (re.compile(r"POST /v1/orders"), limit.place_order),
        (re.compile(r"GET /v1/products/by-handle/(.+)"), limit.get_by_handle),
    ]

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        asked = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        view, found = next((v, m) for p, v in routes if (m := p.fullmatch(asked)))
        try:
            status, body = view(environ, *found.groups())
        except Refused as refused:
            status, body = str(refused), b""
        length = ("Content-Length", str(len(body)))
        start_response(status, [("Content-Type", "application/json"), length])
        return [body]

    return app


class Limit:
    """The views, with a connection for each thread."""

    def __init__(self, shop: Shop) -> None:
        self._url = shop.url
        raw = base64.urlsafe_b64decode(f"{shop.public_key}=")
        self._key = Ed25519PublicKey.from_public_bytes(raw)
        self._local = threading.local()

    def get_product(self, environ: Mapping[str, Any], key: str) -> Answer:
        """Get a product by its id."""
        return _one(self._rows(sql.PRODUCT_BY_ID, (key,)))

    def get_by_handle(self, environ: Mapping[str, Any], key: str) -> Answer:
        """Get a product by its handle."""
        return _one(self._rows(sql.PRODUCT_BY_HANDLE, (key,)))

    def list_products(self, environ: Mapping[str, Any]) -> Answer:
        """List products of a category, or by price."""
        query = dict(parse_qsl(environ["QUERY_STRING"]))
        limit = int(query.get("limit", "25"))
        if query.get("sort") == "price":
            lowest = int(query.get("price[gte]", "0"))
            return _page(self._rows(sql.BY_PRICE, (query["currency"], lowest, limit + 1)), limit)
        return _page(self._rows(sql.BY_CATEGORY, (query["category"], limit + 1)), limit)

    def list_orders(self, environ: Mapping[str, Any]) -> Answer:
        """List the customer's orders."""
        limit = int(dict(parse_qsl(environ["QUERY_STRING"])).get("limit", "25"))
        rows = self._rows(sql.OWN_ORDERS, (*self._claims(environ), limit + 1))
        if not rows:
            raise Refused("401 Unauthorized")
        return _page([row for row in rows if row["id"]], limit)

    def get_order(self, environ: Mapping[str, Any], key: str) -> Answer:
        """Get an order with its lines and payments."""
        rows = self._rows(sql.ORDER, (*self._claims(environ), key))
        if not rows:
            raise Refused("401 Unauthorized")
        return _one([row for row in rows if row["id"]])

    def place_order(self, environ: Mapping[str, Any]) -> Answer:
        """Place an order once for each Idempotency-Key."""
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        new = msgspec.json.decode(body, type=NewOrder)
        claims, key = self._claims(environ), environ["HTTP_IDEMPOTENCY_KEY"]
        scope, fingerprint = f"{claims[1]} POST /v1/orders", hashlib.sha256(body).hexdigest()
        with self._connection.transaction():
            claimed = self._rows(sql.CLAIM, (*claims, scope, key, fingerprint))
            if not claimed:
                raise Refused("401 Unauthorized")
            if not claimed[0]["claimed"]:
                return self._replay(scope, key, fingerprint)
            answer = self._write(new, claimed[0], (scope, key))
        return "201 Created", answer

    def _replay(self, scope: str, key: str, fingerprint: str) -> Answer:
        (stored,) = self._rows(sql.STORED, (scope, key))
        if stored["request_hash"] != fingerprint:
            raise Refused("422 Unprocessable Content")
        return "201 Created", stored["response_body"].encode()

    def _write(self, new: NewOrder, caller: Mapping[str, Any], key: tuple[str, str]) -> bytes:
        quantities = {line.variant_id: line.quantity for line in new.lines}
        quoted = {
            row["variant_id"]: row
            for row in self._rows(sql.QUOTE, (new.currency, list(quantities)))
        }
        if len(quoted) < len(quantities):
            raise Refused("409 Conflict")
        lines = [
            _line(quoted[variant_id], position, quantity)
            for position, (variant_id, quantity) in enumerate(quantities.items())
        ]
        number = next(iter(quoted.values()))["number"]
        order = _order(new, caller, number, sum(line["amount_total"] for line in lines))
        answer = encode(order | {"lines": lines} | {f"{part}s": [] for part in sql.PARTS})
        values = (encode(order).decode(), encode(lines).decode(), order["id"], answer.decode())
        (written,) = self._rows(sql.WRITE, (*values, *key))
        if written["taken"] < len(lines):
            raise Refused("409 Conflict")
        return answer

    def _claims(self, environ: Mapping[str, Any]) -> tuple[str, str, int]:
        signed, _, signature = environ["HTTP_AUTHORIZATION"].removeprefix("Bearer ").rpartition(".")
        try:
            self._key.verify(_decoded(signature), signed.encode())
        except InvalidSignature as error:
            raise Refused("401 Unauthorized") from error
        claims = msgspec.json.decode(_decoded(signed.partition(".")[2]), type=Claims)
        if claims.exp < time.time():
            raise Refused("401 Unauthorized")
        return claims.sid, claims.sub, claims.epoch

    def _rows(self, statement: str, values: tuple[Any, ...]) -> list[dict[str, Any]]:
        cursor = self._connection.execute(statement, values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    @property
    def _connection(self) -> psycopg.Connection[Any]:
        connection: psycopg.Connection[Any] | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = psycopg.connect(self._url, autocommit=True)
            connection.adapters.register_loader("uuid", TextLoader)
            for name in ("json", "jsonb"):
                connection.adapters.register_loader(name, RawLoader)
            self._local.connection = connection
        return connection


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _one(rows: list[dict[str, Any]]) -> Answer:
    if not rows:
        raise Refused("404 Not Found")
    return "200 OK", encode(rows[0])


def _page(rows: list[dict[str, Any]], limit: int) -> Answer:
    page, cursor = rows[:limit], None
    if len(rows) > limit:
        last = encode([page[-1]["created_at"], page[-1]["id"]])
        cursor = base64.urlsafe_b64encode(last).decode()
    return "200 OK", encode({"data": page, "has_more": cursor is not None, "next_cursor": cursor})


def _order(new: NewOrder, caller: Mapping[str, Any], number: int, total: int) -> dict[str, Any]:
    now = datetime.now(UTC)
    placed = _instant(now)
    known = {
        "id": str(uuid_utils.compat.uuid7()),
        "number": number,
        "customer_id": caller["id"],
        "customer_email": caller["email_canonical"],
        "customer_name": caller["name"],
        "status": "open",
        "payment_status": "unpaid",
        "fulfillment_status": "unfulfilled",
        "currency": new.currency,
        "amount_subtotal": total,
        "amount_total": total,
        "tax_included": False,
        "expires_at": _instant(now + timedelta(minutes=15)),
        "placed_at": placed,
        "version": 1,
        "created_at": placed,
        "updated_at": placed,
        "shipping_address": new.shipping_address,
        "metadata": {},
    }
    return _NEW_ORDER | known


def _line(quoted: dict[str, Any], position: int, quantity: int) -> dict[str, Any]:
    amount = quoted["unit_amount"] * quantity
    own = {name: value for name, value in quoted.items() if name != "number"}
    known = {
        "id": str(uuid_utils.compat.uuid7()),
        "position": position,
        "quantity": quantity,
        "amount_subtotal": amount,
        "amount_total": amount,
        "tax_rate": "0",
    }
    return _NEW_LINE | own | known


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
