"""What a million products cost, against few: pages near and far, searches and orders."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count, cycle
from pathlib import Path
from statistics import median, quantiles

import sqlalchemy as sa

from mercato_host import create_app
from parts import shop as shops
from parts.loading import load
from parts.processes import serving
from parts.report import Table
from parts.requests import REQUESTS, Request
from parts.shop import Shop

FEW = 10_000
FAR = 10_000
"""The number of the far page, of 50 products; of fewer products, it is the middle one."""
ROUNDS, SECONDS = 8, 1
WARM = 20
"""Requests of a round that do not count; even, so that near and far pages stay apart."""

LISTS = {
    "newest first": ("", "p.created_at", "DESC", ""),
    "by name": ("&sort=name", "p.name_key", "ASC", ""),
    "by price": (
        "&sort=price&currency=EUR",
        "r.min_amount",
        "ASC",
        "JOIN products_price_range r ON r.product_id = p.id",
    ),
    "in a category": (
        "&category=part-7",
        "k.created_at",
        "DESC",
        """JOIN products_category_listing k ON k.product_id = p.id
        JOIN products_category c ON c.id = k.category_id AND c.handle = 'part-7'""",
    ),
}
"""Lists: the query, and in SQL the sort key, its direction and what is joined."""


def measure(place: Path, database: str, many: int) -> list[Table]:
    """Measure the times with few and with many products, in turn, so that noise meets all alike."""
    with shops.all_opened(place, (FEW, many), database) as both, ExitStack() as stack:
        asked = [
            _Asked(shop, stack.enter_context(serving("ours", shop, _saved(place, shop))).port)
            for shop in both
        ]
        for _ in range(ROUNDS):
            for one in asked:
                one.ask()
        few, more = (one.times() for one in asked)
    head = ("milliseconds", f"{FEW:,} products", f"{many:,} products", "times")
    rows = [_row(name, few[name], found) for name, found in more.items()]
    head_of_pages = ("milliseconds", "page 1", "a far page", "times")
    pages = [_row(name, more[f"{name}, page 1"], more[f"{name}, a far page"]) for name in LISTS]
    return [
        Table("scale: one connection; medians, and p99 of searches", head, rows),
        Table(f"scale: pages of {many:,} products", head_of_pages, pages),
    ]


def _row(name: str, first: float, second: float) -> tuple[str, ...]:
    return name, f"{first:.2f}", f"{second:.2f}", f"{second / first:.2f}"


def _saved(place: Path, shop: Shop) -> str:
    return shop.save(place / f"shop_{shop.count}.json")


class _Asked:
    """A shop that is served on a port, and the seconds that each of its answers took.

    Pages near and far are asked for one after the other.
    """

    def __init__(self, shop: Shop, port: int) -> None:
        self._port = port
        self._seconds: dict[str, list[float]] = defaultdict(list)
        self._pages = {name: _near_and_far(shop, name) for name in LISTS}
        self._others = {
            name: (REQUESTS[name](shop, number).text for number in count())
            for name in ("search", "order")
        }

    def ask(self) -> None:
        """Send each kind of request for a second, after some that do not count."""
        for name, pages in self._pages.items():
            each = self._load(cycle(pages))
            self._seconds[f"{name}, page 1"] += each[::2]
            self._seconds[f"{name}, a far page"] += each[1::2]
        for name, requests in self._others.items():
            self._seconds[name] += self._load(requests)

    def times(self) -> dict[str, float]:
        """Return milliseconds: medians, and p99 of searches."""
        return {
            name: 1000 * (quantiles(each, n=100)[-1] if name == "search" else median(each))
            for name, each in self._seconds.items()
        }

    def _load(self, requests: Iterator[bytes]) -> list[float]:
        return load(self._port, requests, seconds=SECONDS, connections=1).each[WARM:]


def _near_and_far(shop: Shop, name: str) -> list[bytes]:
    paths = f"/v1/products?limit=50{LISTS[name][0]}", _far_page(shop, name)
    return [Request(path).text for path in paths]


def _far_page(shop: Shop, name: str) -> str:
    """Return the path of a page far behind the first one."""
    query, key, direction, joined = LISTS[name]
    total = shop.count // 100 if "category" in query else shop.count
    offset = min(FAR * 50, total // 2)
    app = create_app(shop.deployment)
    statement = (
        f"SELECT {key}, p.id FROM products_product p {joined} "  # noqa: S608 - of LISTS
        f"ORDER BY {key} {direction}, p.id {direction} LIMIT 1 OFFSET {offset}"
    )
    engine = sa.create_engine(shop.url)
    with engine.connect() as connection:
        value, row_id = connection.execute(sa.text(statement)).one()
    engine.dispose()
    path = f"/v1/products?limit=50{query}"
    cursor = shops.cursor_at(app, path, value, row_id)
    return f"{path}&cursor={cursor}"
