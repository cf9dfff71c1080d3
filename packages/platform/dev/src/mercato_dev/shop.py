"""Install, fill and serve the sample shop, with a worker and a server that it calls."""

import argparse
import json
import os
import secrets
import signal
import socket
import subprocess
import time
import tomllib
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nox

from mercato_dev.distributions import ROOT
from mercato_dev.environments import PLAIN, provide
from mercato_dev.interrupts import end_in_order

DEVELOPMENT = ROOT / "host/deployments/development.toml"

ADDRESS = "http://127.0.0.1:5000"
"""The address of the shop in :data:`DEVELOPMENT`, which ``--port`` changes."""


@dataclass(frozen=True)
class Companion:
    """A server that the shop calls: a command of a feature, which starts first and ends last.

    It listens two ports above the shop. The environment has its settings ``url`` and ``secret``.

    Args:
        feature: The feature.
        command: Words of ``mercato``.
        webhook: The path at which the shop hears it.
    """

    feature: str
    command: Sequence[str]
    webhook: str

    def address(self, port: int) -> str:
        """Return its address beside a shop on *port*; ``/readyz`` is answered when it is ready."""
        return f"http://127.0.0.1:{port + 2}"

    def words(self, port: int) -> list[str]:
        """Return the words of ``mercato`` that start it beside a shop on *port*."""
        return [
            *self.command,
            f"--port={port + 2}",
            f"--database={ROOT}/var/{self.feature}.db",
            f"--webhook=http://127.0.0.1:{port}{self.webhook}",
        ]

    def variables(self, port: int) -> Iterator[tuple[str, str]]:
        """Give the variables of its settings."""
        prefix = f"MERCATO_FEATURES__{self.feature.upper()}__SETTINGS"
        yield f"{prefix}__URL", self.address(port)
        yield f"{prefix}__SECRET", kept_secret(ROOT / f"var/{self.feature}.secret")


def kept_secret(file: Path) -> str:
    """Return the secret in a file that only its owner can read; the first time it is made."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(32))
    return file.read_text()


def chosen_wheels() -> list[str]:
    """Return the distributions of a deployment file: the host, and those of its features."""
    features = tomllib.loads(DEVELOPMENT.read_text())["features"]
    packages = [table.get("package", f"mercato-{name}") for name, table in features.items()]
    return ["mercato-host", *packages]


def port_of(session: nox.Session) -> int:
    """Return the port in ``--port``; end the session if it or the companion's is in use."""
    parser = argparse.ArgumentParser(prog="nox -s shop --")
    parser.add_argument("--port", type=int, default=5000)
    port: int = parser.parse_args(session.posargs).port
    for needed in (port, port + 2):
        if problem := why_taken(needed):
            session.error(f"Port {needed}: {problem}. Choose another: -- --port 5001")
    return port


def why_taken(port: int) -> str | None:
    """Return why a port of loopback cannot be listened on; None if it can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.strerror
    return None


def run_shop(session: nox.Session, companion: Companion) -> None:
    """Install, migrate, fill and run the shop and its companion."""
    port = port_of(session)
    end_in_order()
    provide(session, *chosen_wheels())
    (ROOT / "var").mkdir(exist_ok=True)
    ours = {
        "MERCATO_DATABASE__URL": f"sqlite:///{ROOT}/var/shop.db",
        **dict(addresses_at(port, tomllib.loads(DEVELOPMENT.read_text()))),
        **dict(companion.variables(port)),
    }
    env = PLAIN | {key: os.environ.get(key, value) for key, value in ours.items()}
    env["MERCATO_SERVER__PORT"] = str(port)
    mercato = ["mercato", f"--deployment={DEVELOPMENT}"]
    session.run(*mercato, "db", "upgrade", env=env)
    session.run(*mercato, "seed", env=env)
    serve(session, mercato, env, port, companion)


def addresses_at(port: int, table: Mapping[str, Any], *path: str) -> Iterator[tuple[str, str]]:
    """Give the variables that put *port* into each address of the shop in a deployment file."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from addresses_at(port, value, *path, key)
        elif isinstance(value, str) and value.startswith(ADDRESS):
            variable = f"MERCATO_{'__'.join((*path, key)).upper()}"
            yield variable, value.replace(ADDRESS, f"http://127.0.0.1:{port}")


def serve(
    session: nox.Session,
    mercato: list[str],
    env: dict[str, str | None],
    port: int,
    companion: Companion,
) -> None:
    """Run companion, worker and server until one of them ends, or the session is stopped."""
    plain = {
        key: value for key, value in (os.environ | session.env | env).items() if value is not None
    }
    command = [str(Path(session.bin, mercato[0])), *mercato[1:]]
    address = f"http://127.0.0.1:{port}"
    children: list[subprocess.Popen[bytes]] = []
    try:
        for words in (companion.words(port), ["worker"], ["serve"]):
            # In a process group of its own, so Ctrl-C reaches only this process, which ends both.
            child = subprocess.Popen([*command, *words], env=plain, start_new_session=True)
            children.append(child)
        for needed in (companion.address(port), address):
            wait_until_ready(session, children, needed)
        session.log(f"Composed, each after those that it needs: {composed(address)}")
        session.log(f"The shop is open: {address} | {address}/docs | Ctrl-C closes it")
        while all(child.poll() is None for child in children):
            time.sleep(0.2)
        session.error("A process of the shop ended by itself.")
    except KeyboardInterrupt:
        session.log("The shop closes.")
    finally:
        for child in reversed(children):
            end(child)


def wait_until_ready(
    session: nox.Session, children: list[subprocess.Popen[bytes]], address: str
) -> None:
    """Wait at most a minute until the shop or its companion is ready."""
    for _ in range(240):
        if any(child.poll() is not None for child in children):
            session.error("A process of the shop ended before it was ready.")
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=2):
                return
        except OSError:
            time.sleep(0.25)
    session.error(f"It was not ready within a minute: {address}/readyz says why.")


def composed(address: str) -> str:
    """Return the features of a shop with their versions, in the order in which they start."""
    with urllib.request.urlopen(f"{address}/", timeout=10) as answer:
        features = json.load(answer)["features"]
    return ", ".join(f"{it['name']} {it.get('version', '')}".rstrip() for it in features)


def end(child: subprocess.Popen[bytes]) -> None:
    """Terminate a process; kill its group if it does not end."""
    child.terminate()
    try:
        child.wait(timeout=10)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
