"""The servers that are compared: ours, the naive twin and the limit."""

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

from parts.requests import HOT
from parts.shop import Shop, keeping


def servers_on(shop: Shop) -> tuple[str, ...]:
    """Return the servers that are compared; the limit knows PostgreSQL only."""
    return ("ours", "naive", "limit") if shop.postmaster else ("ours", "naive")


def runs_of(server: str, shop: Shop, names: Sequence[str]) -> Iterator[tuple[Shop, list[str]]]:
    """Yield what is asked of one process each: hot requests of one of ours that keeps answers."""
    hot = [name for name in names if name == HOT and server == "ours"]
    if plain := [name for name in names if name not in hot]:
        yield shop, plain
    if hot:
        yield keeping(shop), hot


def application(server: str, shop: Shop) -> Any:
    """Return the WSGI application of a server."""
    if server == "ours":
        from mercato_host import create_app  # noqa: PLC0415 - a twin is measured without it

        return create_app(shop.deployment)
    return import_module(f"parts.{server}").make_app(shop)
