"""Requests a second of ``mercato serve``: the smallest request, and a list of products.

One worker of four threads, eight kept connections from one client process, PostgreSQL.
``serve.py --beside PATH`` also measures the ``mercato`` of another environment, in turns with this
one: two versions are compared under the same load of the machine.
"""

import argparse
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import sleep

from parts.databases import databases
from parts.loading import Answers, load
from parts.measuring import ENVIRON, run
from parts.tables import say, show

SECONDS, ROUNDS = 4, 5
"""Of a measurement, and how often each server is measured."""

REQUESTS = {"smallest": "/healthz", "list": "/v1/products?currency=EUR"}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--beside", type=Path, help="the mercato of another environment")
    beside: Path | None = parser.parse_args().beside
    servers = {"this": Path(sys.executable).with_name("mercato")}
    if beside:
        servers["beside"] = beside
    with TemporaryDirectory() as place, databases(Path(place)) as (_, postgresql):
        deployment = Path(place, "shop.toml")
        deployment.write_text(
            f'environment = "testing"\n[database]\nurl = "{postgresql.url}"\n[server]\nport = 0\n'
            "[features.users]\n[features.products]\n[features.orders]\n"
        )
        for words in (["db", "upgrade"], ["seed"]):
            run([str(servers["this"]), f"--deployment={deployment}", *words])
        rows = measure(servers, deployment)
    head = ("server", "request", "requests/s", "CPU ms", "median ms", "p99 ms")
    show(f"mercato serve: medians of {ROUNDS} rounds of {SECONDS} s", head, rows)
    say("\n  CPU ms      of all processes of the server, for a request")


def measure(servers: dict[str, Path], deployment: Path) -> list[tuple[str, ...]]:
    """Measure each server with each request, in turns; returns a row for each."""
    figures: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    for _ in range(ROUNDS):
        for name, mercato in servers.items():
            with serving(mercato, deployment) as (group, port):
                for request, path in REQUESTS.items():
                    load(port, path, seconds=1)
                    before = cpu_seconds(group)
                    answers = load(port, path, seconds=SECONDS)
                    spent = cpu_seconds(group) - before
                    figures.setdefault((name, request), []).append(describe(answers, spent))
    return [
        (*key, *(f"{median(column):.2f}" for column in zip(*found, strict=True)))
        for key, found in figures.items()
    ]


def describe(answers: Answers, cpu: float) -> tuple[float, ...]:
    """Return requests a second, CPU milliseconds of one, and the median and p99 of all."""
    count = len(answers.each)
    slow = quantiles(answers.each, n=100)[98]
    each_ms = median(answers.each) * 1000
    return count / answers.seconds, cpu * 1000 / count, each_ms, slow * 1000


@contextmanager
def serving(mercato: Path, deployment: Path) -> Iterator[tuple[int, int]]:
    """Run a server; yields the id of its process group, and its port."""
    command = [str(mercato), f"--deployment={deployment}", "serve"]
    process = subprocess.Popen(
        command,
        env=ENVIRON,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout  # noqa: S101 - it is a pipe
    try:
        yield process.pid, find_port(process.stdout)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def find_port(lines: Iterator[str]) -> int:
    """Read the lines of a server until it names its port.

    Raises:
        RuntimeError: It ended.
    """
    seen = []
    for line in lines:
        seen.append(line)
        if found := re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", line):
            port = int(found.group(1))
            wait_for(port)
            return port
    raise RuntimeError("".join(seen))


def wait_for(port: int) -> None:
    """Wait until connections to a port are accepted."""
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            sleep(0.05)
        else:
            return


def cpu_seconds(group: int) -> float:
    """Return the CPU seconds, user and system, of the processes of a group that run."""
    spent = 0
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields: Sequence[str] = file.read_text().rpartition(")")[2].split()
        except OSError:
            # It has just ended.
            continue
        if int(fields[2]) == group:
            spent += int(fields[11]) + int(fields[12])
    return spent / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
