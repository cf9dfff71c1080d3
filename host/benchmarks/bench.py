"""Measure the shop beside two twins: ``bench.py instructions --only detail,list``."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from parts import counting, shop as shops
from parts.tables import show

COUNTED = str(Path(__file__).parent / "parts/counted.py")
COUNTED_ROWS = ("nothing", "detail", "list", "order-detail", "own-orders", "order", "hot")

Costs = dict[str, dict[str, float]]
"""Millions of instructions (or CPU microseconds) by row, by server."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["instructions"])
    parser.add_argument("--rows", type=int, default=100_000, help="products of the shop")
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--only", help="these requests, separated by commas")
    parser.add_argument("--servers", default="ours", help="of ours,naive,limit")
    chosen = parser.parse_args()
    names = chosen.only.split(",") if chosen.only else COUNTED_ROWS
    with (
        TemporaryDirectory() as place,
        shops.opened(Path(place), chosen.rows, chosen.database) as shop,
    ):
        costs = count(shop, Path(place), chosen.servers.split(","), names)
    unit = "million instructions" if counting.VALGRIND else "CPU microseconds"
    rows = [(name, *(f"{of_server[name]:.2f}" for of_server in costs.values())) for name in names]
    show(f"{unit} a request", ("request", *costs), rows)


def count(shop: shops.Shop, place: Path, servers: Sequence[str], names: Sequence[str]) -> Costs:
    """Count what requests cost each server."""
    file = shop.save(place / "shop.json")
    return {server: _count(file, place, server, names) for server in servers}


def _count(file: str, place: Path, server: str, names: Sequence[str]) -> dict[str, float]:
    result = place / "costs.json"
    command = [sys.executable, COUNTED, file, str(result), server, *names]
    variables: Mapping[str, str] = {}
    if counting.VALGRIND:
        for old in place.glob("callgrind*"):
            old.unlink()
        command, variables = counting.under_callgrind(command, place)
    done = subprocess.run(
        command, env=os.environ | variables, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{server}: {done.stderr[-5000:]}")
    scale = 1e6 if counting.VALGRIND else 1e3
    return {name: cost / scale for name, cost in json.loads(result.read_text()).items()}


if __name__ == "__main__":
    main()
