"""A running shop for tests: the real commands as processes, the real server over HTTP."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

READY_WITHIN_SECONDS = 60
BANK_SECRET = "what the shop and its sandbox know"


@dataclass(frozen=True)
class Shop:
    """A running shop: its address and its commands.

    Args:
        deployment: Its deployment file.
        environ: Environment variables of its commands.
        port: The port that it listens on, on loopback.
    """

    deployment: Path
    environ: Mapping[str, str]
    port: int

    @property
    def address(self) -> str:
        """The root of its URLs."""
        return f"http://127.0.0.1:{self.port}"

    def command(self, *words: str) -> list[str]:
        """Return the command line of ``mercato`` for this deployment."""
        program = Path(sys.executable).with_name("mercato")
        return [str(program), f"--deployment={self.deployment}", *words]

    def run(self, *words: str, typed: str | None = None) -> str:
        """Run a command to its end and return its output.

        Raises:
            RuntimeError: The command failed; the message has its output.
        """
        done = subprocess.run(
            self.command(*words),
            env=dict(self.environ),
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"mercato {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout


def free_port() -> int:
    """Return a free port of loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_shop(
    deployment: Path,
    environ: Mapping[str, str],
    *,
    setup: Sequence[Sequence[str]] = (("db", "upgrade"),),
    worker: bool = True,
) -> Iterator[Shop]:
    """Set up a shop, serve it until the end of the block, and stop its processes.

    Args:
        deployment: Its deployment file.
        environ: Environment variables to add to ours.
        setup: Commands to run first.
        worker: Whether to run the worker beside the server.
    """
    shop = Shop(deployment, {**os.environ, **environ}, free_port())
    for words in setup:
        shop.run(*words)
    services = [["serve", f"--bind=127.0.0.1:{shop.port}"], *([["worker"]] if worker else [])]
    processes = [
        subprocess.Popen(shop.command(*words), env=dict(shop.environ)) for words in services
    ]
    try:
        wait_until_ready(shop.address, processes)
        yield shop
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=30)


@contextmanager
def running_sandbox(shop: Shop, port: int, folder: Path) -> Iterator[httpx2.Client]:
    """Serve the sandbox of a shop until the end of the block; yields a client that may drive it.

    Args:
        shop: The shop, whose deployment has the sandbox with :data:`BANK_SECRET`.
        port: The port that the sandbox listens on.
        folder: Where its ledger is kept.
    """
    webhook = f"{shop.address}/v1/webhooks/payments/sandbox"
    options = [f"--port={port}", f"--database={folder}/sandbox.db", f"--webhook={webhook}"]
    command = shop.command("payments-sandbox", "serve", *options)
    url = f"http://127.0.0.1:{port}"
    headers = {"Authorization": f"Bearer {BANK_SECRET}"}
    process = subprocess.Popen(command, env=dict(shop.environ))
    try:
        with httpx2.Client(base_url=url, headers=headers, timeout=30) as client:
            wait_until_ready(url, [process])
            yield client
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_until_ready(
    address: str,
    processes: Sequence[subprocess.Popen[bytes]],
    *,
    within_seconds: float = READY_WITHIN_SECONDS,
) -> None:
    """Request ``/readyz`` until a server is ready.

    Raises:
        RuntimeError: One of *processes* ended, or it took longer than *within_seconds*.
    """
    give_up_at = time.monotonic() + within_seconds
    while time.monotonic() < give_up_at:
        if any(process.poll() is not None for process in processes):
            raise RuntimeError("a process of the shop ended before it was ready")
        try:
            if httpx2.get(f"{address}/readyz", timeout=5).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise RuntimeError(f"the shop was not ready within {within_seconds} s")
