"""Answers of the servers are compared field by field before anything is measured."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from parts.loading import ask
from parts.processes import serving
from parts.requests import OURS_ONLY, REQUESTS
from parts.servers import servers_on
from parts.shop import Shop

NEW = frozenset("id number expires_at placed_at created_at updated_at".split())
"""What differs between two orders that are placed."""


class Different(Exception):
    """A twin answers otherwise than ours."""


def compare(shop: Shop, place: Path) -> None:
    """Compare the answers of all servers to each request.

    Raises:
        Different: Some fields differ; the message lists them.
    """
    file = shop.save(place / "shop.json")
    # Lists have the order that is placed, so that comes last.
    names = sorted({*REQUESTS} - {*OURS_ONLY}, key=lambda name: name == "order")
    with ExitStack() as stack:
        ports = {
            server: stack.enter_context(serving(server, shop, file)).port
            for server in servers_on(shop)
        }
        found = [
            f"{server} {name}: {line}"
            for name in names
            for server, line in _compare_one(shop, ports, name)
        ]
    if found:
        raise Different("\n".join(found[:20]))


def _compare_one(shop: Shop, ports: Mapping[str, int], name: str) -> Iterator[tuple[str, str]]:
    ignored = NEW if name == "order" else frozenset()
    answers = {
        server: json.loads(ask(port, REQUESTS[name](shop, 3).text))
        for server, port in ports.items()
    }
    for server, answer in answers.items():
        for line in differences(answers["ours"], answer, ignored):
            yield server, line


def differences(
    ours: Any, other: Any, ignored: frozenset[str] = frozenset(), where: str = ""
) -> Iterator[str]:
    """Yield a line for each field that differs.

    Cursors only have to be there or not: each server reads its own.
    """
    if isinstance(ours, dict) and isinstance(other, dict):
        for name in sorted({*ours, *other} - ignored):
            mine, its = (answer.get(name, "absent") for answer in (ours, other))
            if name == "next_cursor":
                mine, its = mine is None, its is None
            yield from differences(mine, its, ignored, f"{where}/{name}")
    elif isinstance(ours, list) and isinstance(other, list) and len(ours) == len(other):
        for place, (mine, its) in enumerate(zip(ours, other, strict=True)):
            yield from differences(mine, its, ignored, f"{where}/{place}")
    elif ours != other:
        yield f"{where or '/'}: {ours!r}, {other!r}"
