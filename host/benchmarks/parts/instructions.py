"""What requests cost each server, without HTTP: instructions under callgrind, else CPU time."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from parts import counting
from parts.report import Table
from parts.servers import runs_of
from parts.shop import Shop

HERE = Path(__file__).parents[1]
UNIT = "million instructions" if counting.VALGRIND else "CPU milliseconds"

Costs = dict[str, dict[str, float]]
"""What a request costs, by request, by server."""


def measure(shop: Shop, place: Path, servers: Sequence[str], names: Sequence[str]) -> Costs:
    """Count what requests cost each server, in ``UNIT``."""
    costs: Costs = {server: {} for server in servers}
    for server in servers:
        for one, asked in runs_of(server, shop, names):
            costs[server] |= _measure(one.save(place / "shop.json"), place, server, asked)
    return costs


def table_of(costs: Costs) -> Table:
    """Return the costs as a table; with twins, how many times ours is ahead of them."""
    names = list(costs["ours"])
    twins = [server for server in costs if server != "ours"]
    rows = [
        (
            name,
            *(f"{of_server[name]:.2f}" for of_server in costs.values()),
            *(f"{costs[twin][name] / costs['ours'][name]:.2f}" for twin in twins),
        )
        for name in names
    ]
    head = ("request", *costs, *(f"{twin} / ours" for twin in twins))
    bars = {name: {server: found[name] for server, found in costs.items()} for name in names}
    return Table(f"cost: {UNIT} a request", head, rows, bars)


def _measure(file: str, place: Path, server: str, names: Sequence[str]) -> dict[str, float]:
    result = place / "costs.json"
    command = [sys.executable, "-m", "parts.counted", file, str(result), server, *names]
    variables: Mapping[str, str] = {}
    if counting.VALGRIND:
        for old in place.glob("callgrind*"):
            old.unlink()
        command, variables = counting.under_callgrind(command, place)
    done = subprocess.run(
        command, cwd=HERE, env=os.environ | variables, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{server}: {done.stderr[-5000:]}")
    return {name: cost / 1e6 for name, cost in json.loads(result.read_text()).items()}
