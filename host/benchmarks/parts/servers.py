"""The servers that are compared: ours, the naive twin and the limit."""

from importlib import import_module
from typing import Any

from parts.shop import Shop


def servers_on(shop: Shop) -> tuple[str, ...]:
    """Return the servers that are compared; the limit knows PostgreSQL only."""
    return ("ours", "naive", "limit") if shop.postmaster else ("ours", "naive")


def application(server: str, shop: Shop) -> Any:
    """Return the WSGI application of a server."""
    if server == "ours":
        from mercato_host import create_app  # noqa: PLC0415 - a twin is measured without it

        return create_app(shop.deployment)
    return import_module(f"parts.{server}").make_app(shop)
