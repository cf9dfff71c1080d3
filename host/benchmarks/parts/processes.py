"""Servers as processes: started on a free port, with their CPU time and memory."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from time import sleep

from parts.loading import ask
from parts.measuring import ENVIRON
from parts.shop import MERCATO, Shop

HERE = Path(__file__).parents[1]
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Serving:
    """A server that runs: its port, and the id of its process group."""

    port: int
    group: int

    @property
    def cpu(self) -> float:
        """CPU seconds of its processes."""
        return sum(spent for _, group, spent in _processes() if group == self.group)

    @property
    def memory(self) -> float:
        """The largest process in MiB, shared pages counted in parts (PSS)."""
        pids = [pid for pid, group, _ in _processes() if group == self.group]
        return max(map(_pss, pids), default=0) / 1024


@contextmanager
def serving(server: str, shop: Shop, file: str, *, workers: int = 1) -> Iterator[Serving]:
    """Run ours or a twin with some workers of four threads; *file* is the saved shop."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    with TemporaryFile() as log:
        process = subprocess.Popen(
            command_of(server, shop, workers, port),
            cwd=HERE,
            env=ENVIRON | {"BENCH_SHOP": file, "BENCH_SERVER": server, "PYTHONPATH": str(HERE)},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            if not _answers(port):
                log.seek(0)
                raise RuntimeError(f"{server} does not answer: {log.read().decode()[-5000:]}")
            yield Serving(port, process.pid)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def command_of(server: str, shop: Shop, workers: int, port: int) -> list[str]:
    """Return the command that serves: twins are served by granian's own program."""
    if server == "ours":
        words = [f"--workers={workers}", f"--bind=127.0.0.1:{port}"]
        return [MERCATO, f"--deployment={shop.deployment}", "serve", *words]
    granian = str(Path(sys.executable).with_name("granian"))
    words = [f"--workers={workers}", f"--port={port}", "--interface=wsgi", "--blocking-threads=4"]
    return [granian, *words, "--no-ws", "parts.served:app"]


def _answers(port: int) -> bool:
    """Wait until a server answers; False if it does not within 30 seconds."""
    for _ in range(600):
        try:
            return bool(ask(port, b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"))
        except OSError:
            sleep(0.05)
    return False


def children_of(pid: int) -> list[int]:
    """Return the ids of the processes that a process has started."""
    stats = {int(file.name): _stat(file) for file in Path("/proc").glob("[0-9]*")}
    return [child for child, fields in stats.items() if fields and int(fields[1]) == pid]


def cpu_of_children(pid: int) -> float:
    """Return the CPU seconds of a process's children, also of those that have ended."""
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ended = sum(map(int, stat[13:15])) / TICK
    running = (_spent(fields) for fields in _stats() if int(fields[1]) == pid)
    return ended + sum(running)


def _processes() -> Iterator[tuple[int, int, float]]:
    """Yield each process's id, group and CPU seconds."""
    for file in Path("/proc").glob("[0-9]*"):
        if (fields := _stat(file)) is not None:
            yield int(file.name), int(fields[2]), _spent(fields)


def _stats() -> Iterator[Sequence[str]]:
    return filter(None, map(_stat, Path("/proc").glob("[0-9]*")))


def _stat(process: Path) -> Sequence[str] | None:
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        # It has just ended.
        return None


def _spent(fields: Sequence[str]) -> float:
    return (int(fields[11]) + int(fields[12])) / TICK


def _pss(pid: int) -> int:
    try:
        found = re.search(r"^Pss: +(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
    except OSError:
        return 0
    return int(found.group(1)) if found else 0
