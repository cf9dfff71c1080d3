"""Requests a second over HTTP, of ours and the twins in turn."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, product
from pathlib import Path
from statistics import median

from parts.loading import load as ask_for
from parts.processes import Serving, cpu_of_children, serving
from parts.report import Table
from parts.requests import OURS_ONLY, REQUESTS
from parts.servers import runs_of, servers_on
from parts.shop import Shop

HEAD = (
    "request",
    "server",
    "requests/s",
    "p50 ms",
    "p99 ms",
    "server CPU ms",
    "PostgreSQL CPU ms",
    "client CPU %",
)


@dataclass(frozen=True)
class Load:
    """What is asked, and for how long."""

    names: Sequence[str]
    rounds: int
    seconds: float
    numbers: Iterator[int] = field(default_factory=count)
    """Each request of a run has a number of its own."""


def measure(shop: Shop, place: Path, load: Load) -> list[Table]:
    """Measure one worker of four threads, then how much two serve, with eight connections."""
    file = shop.save(place / "shop.json")
    servers = servers_on(shop)
    figures: dict[tuple[str, str], list[tuple[float, ...]]] = defaultdict(list)
    memory: dict[str, list[float]] = defaultdict(list)
    for _, server in product(range(load.rounds), servers):
        asked = [name for name in load.names if server == "ours" or name not in OURS_ONLY]
        # The 64 MiB that argon2 takes for a login say nothing about the rest.
        asked.sort(key=lambda name: name == "login")
        for one, names in runs_of(server, shop, asked):
            with serving(server, one, file) as running:
                size = running.memory
                for name in names:
                    figures[name, server].append(_measure(shop, running, name, load))
                    size = size if name == "login" else running.memory
            memory[server].append(size)
    middle = {key: list(map(median, zip(*found, strict=True))) for key, found in figures.items()}
    rows = [(*key, *(f"{value:.2f}" for value in found)) for key, found in sorted(middle.items())]
    bars: dict[str, dict[str, float]] = defaultdict(dict)
    for (name, server), found in middle.items():
        bars[name][server] = found[0]
    two, memory["ours, two workers"] = _measure_two(shop, file, load)
    sizes = [(server, f"{median(found):.0f}") for server, found in memory.items() if found]
    return [
        Table(f"http: medians of {load.rounds} rounds of {load.seconds:g} s", HEAD, rows, bars),
        Table("memory of a worker", ("server", "MiB (PSS)"), sizes),
        two,
    ]


def _measure(shop: Shop, running: Serving, name: str, load: Load) -> tuple[float, ...]:
    requests = (REQUESTS[name](shop, number).text for number in load.numbers)
    ask_for(running.port, requests, seconds=load.seconds / 4)
    server, database = running.cpu, _database_cpu(shop)
    answers = ask_for(running.port, requests, seconds=load.seconds)
    each = 1000 / len(answers.each)
    return (
        len(answers.each) / answers.seconds,
        answers.percentile(50),
        answers.percentile(99),
        (running.cpu - server) * each,
        (_database_cpu(shop) - database) * each,
        100 * answers.cpu / answers.seconds,
    )


def _database_cpu(shop: Shop) -> float:
    return cpu_of_children(shop.postmaster) if shop.postmaster else 0


def _measure_two(shop: Shop, file: str, load: Load) -> tuple[Table, list[float]]:
    """Return how many times the requests of one worker two serve, and the memory of one of them."""
    times: dict[str, list[float]] = defaultdict(list)
    memory = []
    for _, name in product(range(load.rounds), load.names):
        if name in ("detail", "list", "order"):
            paces = []
            for workers in (1, 2):
                with serving("ours", shop, file, workers=workers) as running:
                    paces.append(_measure(shop, running, name, load)[0])
                    size = running.memory
            memory.append(size)
            times[name].append(paces[1] / paces[0])
    rows = [(name, f"{median(found):.2f}") for name, found in times.items()]
    return Table("two workers against one", ("request", "times"), rows), memory
