"""Install, fill and serve the sample shop, with a worker."""

import argparse
import json
import os
import signal
import socket
import subprocess
import time
import tomllib
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nox

from mercato_dev.distributions import ROOT
from mercato_dev.environments import PLAIN, provide
from mercato_dev.interrupts import end_in_order

DEVELOPMENT = ROOT / "host/deployments/development.toml"

ADDRESS = "http://127.0.0.1:5000"
"""The address of the shop in :data:`DEVELOPMENT`, which ``--port`` changes."""


def chosen_wheels() -> list[str]:
    """Return the distributions of a deployment file: the host, and those of its features."""
    features = tomllib.loads(DEVELOPMENT.read_text())["features"]
    packages = [table.get("package", f"mercato-{name}") for name, table in features.items()]
    return ["mercato-host", *packages]


def port_of(session: nox.Session) -> int:
    """Return the port in ``--port``; end the session if it is in use."""
    parser = argparse.ArgumentParser(prog="nox -s shop --")
    parser.add_argument("--port", type=int, default=5000)
    port: int = parser.parse_args(session.posargs).port
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            session.error(f"Port {port}: {error.strerror}. Choose another: -- --port 5001")
    return port


def run_shop(session: nox.Session) -> None:
    """Install, migrate, fill and run the shop."""
    port = port_of(session)
    end_in_order()
    provide(session, *chosen_wheels())
    (ROOT / "var").mkdir(exist_ok=True)
    ours = {
        "MERCATO_DATABASE__URL": f"sqlite:///{ROOT}/var/shop.db",
        **dict(addresses_at(port, tomllib.loads(DEVELOPMENT.read_text()))),
    }
    env = PLAIN | {key: os.environ.get(key, value) for key, value in ours.items()}
    env["MERCATO_SERVER__PORT"] = str(port)
    mercato = ["mercato", f"--deployment={DEVELOPMENT}"]
    session.run(*mercato, "db", "upgrade", env=env)
    session.run(*mercato, "seed", env=env)
    serve(session, mercato, env, port)


def addresses_at(port: int, table: Mapping[str, Any], *path: str) -> Iterator[tuple[str, str]]:
    """Give the variables that put *port* into each address of the shop in a deployment file."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from addresses_at(port, value, *path, key)
        elif isinstance(value, str) and value.startswith(ADDRESS):
            variable = f"MERCATO_{'__'.join((*path, key)).upper()}"
            yield variable, value.replace(ADDRESS, f"http://127.0.0.1:{port}")


def serve(session: nox.Session, mercato: list[str], env: dict[str, str | None], port: int) -> None:
    """Run the worker and the server until one of them ends, or the session is stopped."""
    plain = {
        key: value for key, value in (os.environ | session.env | env).items() if value is not None
    }
    command = [str(Path(session.bin, mercato[0])), *mercato[1:]]
    address = f"http://127.0.0.1:{port}"
    children: list[subprocess.Popen[bytes]] = []
    try:
        for words in (["worker"], ["serve"]):
            # In a process group of its own, so Ctrl-C reaches only this process, which ends both.
            child = subprocess.Popen([*command, *words], env=plain, start_new_session=True)
            children.append(child)
        wait_until_ready(session, children, address)
        session.log(f"Composed, each after those that it needs: {composed(address)}")
        session.log(f"The shop is open: {address} | {address}/docs | Ctrl-C closes it")
        while all(child.poll() is None for child in children):
            time.sleep(0.2)
        session.error("The worker or the server ended by itself.")
    except KeyboardInterrupt:
        session.log("The shop closes.")
    finally:
        for child in reversed(children):
            end(child)


def wait_until_ready(
    session: nox.Session, children: list[subprocess.Popen[bytes]], address: str
) -> None:
    """Wait at most a minute until the shop is ready."""
    for _ in range(240):
        if any(child.poll() is not None for child in children):
            session.error("The worker or the server ended before the shop was ready.")
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=2):
                return
        except OSError:
            time.sleep(0.25)
    session.error(f"The shop was not ready within a minute: {address}/readyz says why.")


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
