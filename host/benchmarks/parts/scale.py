"""What a million products cost, against few: pages near and far, searches and orders."""

from itertools import count
from pathlib import Path
from statistics import median

import sqlalchemy as sa

from mercato_host import create_app
from parts import shop as shops
from parts.loading import Answers, load
from parts.processes import serving
from parts.report import Table
from parts.requests import REQUESTS, Request
from parts.shop import Shop

FEW = 10_000
FAR = 10_000
"""The number of the far page, of 50 products; of fewer products, it is the middle one."""
SECONDS = 3

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
    """Measure the times with few and with many products."""
    few, more = (_measure(place, database, size) for size in (FEW, many))
    rows = [
        (name, f"{few[name]:.2f}", f"{found:.2f}", f"{found / few[name]:.2f}")
        for name, found in more.items()
    ]
    head = ("milliseconds", f"{FEW:,} products", f"{many:,} products", "times")
    return [Table("scale: one connection; medians, and p99 of searches", head, rows)]


def _measure(place: Path, database: str, size: int) -> dict[str, float]:
    with shops.opened(place, size, database) as shop:
        file = shop.save(place / "shop.json")
        far = {name: _far_page(shop, name) for name in LISTS}
        with serving("ours", shop, file) as running:
            times = {}
            for name, (query, *_) in LISTS.items():
                first = f"/v1/products?limit=50{query}"
                times[f"{name}, page 1"] = _median(_load(running.port, first))
                times[f"{name}, a far page"] = _median(_load(running.port, far[name]))
            for name in ("search", "order"):
                requests = (REQUESTS[name](shop, number).text for number in count())
                answers = load(running.port, requests, seconds=SECONDS, connections=1)
                times[name] = answers.percentile(99) if name == "search" else _median(answers)
    return times


def _median(answers: Answers) -> float:
    return median(answers.each) * 1000


def _load(port: int, path: str) -> Answers:
    request = Request(path).text
    return load(port, (request for _ in count()), seconds=SECONDS, connections=1)


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
