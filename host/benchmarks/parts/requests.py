"""The requests that are measured: each row makes its *number*-th request from the shop."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from parts import rows
from parts.shop import Shop


@dataclass(frozen=True)
class Request:
    """One request over HTTP."""

    path: str
    method: str = "GET"
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> bytes:
        """Its bytes on a connection that is kept."""
        sent = {"Host": "127.0.0.1", "Accept": "application/json", **self.headers}
        if self.body:
            sent |= {"Content-Type": "application/json", "Content-Length": str(len(self.body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        return f"{self.method} {self.path} HTTP/1.1\r\n{head}\r\n".encode() + self.body


Make = Callable[[Shop, int], Request]


def _product(shop: Shop, number: int) -> int:
    """Return a product that no other request of a run asks for, as far as there are so many."""
    return number * 7 % shop.count


def _detail(shop: Shop, number: int) -> Request:
    return Request(f"/v1/products/{rows.uid('product', _product(shop, number))}")


def _handle(shop: Shop, number: int) -> Request:
    handle = rows.name_of(_product(shop, number)).lower().replace(" ", "-")
    return Request(f"/v1/products/by-handle/{handle}")


def _list(query: str) -> Request:
    return Request(f"/v1/products?{query}&limit=50")


def _for_customer(shop: Shop, path: str) -> Request:
    return Request(path, headers={"Authorization": f"Bearer {shop.token}"})


def _order(shop: Shop, number: int) -> Request:
    first = number * rows.LINES
    wanted = [rows.variant_id((first + line) % shop.count, 1) for line in range(rows.LINES)]
    body = {
        "lines": [{"variant_id": str(variant), "quantity": 1} for variant in wanted],
        "currency": "EUR",
        "shipping_address": rows.ADDRESS,
    }
    headers = {
        "Authorization": f"Bearer {shop.token}",
        "Idempotency-Key": secrets.token_urlsafe(24),
    }
    return Request("/v1/orders", "POST", json.dumps(body).encode(), headers)


def _login() -> Request:
    body = {"email": rows.OTHER_EMAIL, "password": rows.OTHER_PASSWORD}
    headers = {"Idempotency-Key": secrets.token_urlsafe(24)}
    return Request("/v1/auth/login", "POST", json.dumps(body).encode(), headers)


HOT = "hot"
"""The request whose kept answer is given; no other answer is kept."""

REQUESTS: Mapping[str, Make] = {
    "nothing": lambda shop, number: Request("/healthz"),
    "detail": _detail,
    "list": lambda shop, number: _list(f"category=part-{number % 100}"),
    "order-detail": lambda shop, number: _for_customer(
        shop, f"/v1/orders/{rows.uid('order', number % rows.OWN)}"
    ),
    "own-orders": lambda shop, number: _for_customer(shop, "/v1/orders?limit=50"),
    "order": _order,
    HOT: lambda shop, number: _detail(shop, 0),
    "handle": _handle,
    "price": lambda shop, number: _list(f"currency=EUR&sort=price&price%5Bgte%5D={number % 20000}"),
    "search": lambda shop, number: _list(f"q=series{number % (shop.count // 20):05}"),
    "deep": lambda shop, number: _list(f"cursor={shop.deep}"),
    "login": lambda shop, number: _login(),
}

COUNTED = ("nothing", "detail", "list", "order-detail", "own-orders", "order", HOT)
"""The requests whose instructions are counted."""

OURS_ONLY = ("search", "deep", "login")
"""What the twins do not answer."""
