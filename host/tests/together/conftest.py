"""Fixtures for deployments of the real features."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask

from mercato_database.runner import upgrade
from mercato_host import create_app
from mercato_kit.composition import current_composition
from mercato_kit.db import engine
from mercato_testing.postgresql import running_server

from .issuer import Issuer, running_issuer
from .shop import Shop
from .shopping import PASSWORD

KEYS_WITHIN_SECONDS = 30


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory):
    """The PostgreSQL server of this run, shared by its workers."""
    place = tmp_path_factory.getbasetemp()
    shared = place.parent if place.name.startswith("popen-") else place
    with running_server(shared / "postgresql") as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/mercato.db"
        return
    server = request.getfixturevalue("postgresql")
    name = f"together_{uuid4().hex}"
    yield server.create_database(name)
    server.drop_database(name)


@pytest.fixture
def write_deployment(tmp_path, database_url) -> Callable[..., Path]:
    """A function that writes a deployment file for some features."""

    def write(*features: str, more: str = "") -> Path:
        tables = "".join(f"[features.{name}]\n" for name in features)
        if "orders" in features and "[features.orders.settings]" not in more:
            # Guests of tests come from one address.
            tables += "[features.orders.settings]\nguest_order_burst = 0\n"
        path = tmp_path / f"{'-'.join(features)}.toml"
        path.write_text(
            f'environment = "testing"\n[database]\nurl = "{database_url}"\n{tables}{more}\n'
        )
        return path

    return write


@pytest.fixture
def boot() -> Iterator[Callable[[Path], Flask]]:
    """A function that migrates the database of a deployment file, and makes its app."""
    apps = []

    def start(path: Path) -> Flask:
        apps.append(create_app(path))
        with apps[-1].app_context():
            composed = current_composition().features
        upgrade(apps[-1].config["SQLALCHEMY_DATABASE_URI"], composed)
        _wait_for_keys(apps[-1])
        return apps[-1]

    yield start
    for app in apps:
        with app.app_context():
            engine().dispose()


def _wait_for_keys(app: Flask) -> None:
    """Wait until an app has fetched the keys of its issuer, if it has one."""
    client = app.test_client()
    give_up_at = time.monotonic() + KEYS_WITHIN_SECONDS
    while any(one["feature"] == "oidc" for one in client.get("/readyz").json["left_out"]):
        assert time.monotonic() < give_up_at, "the keys of the issuer were not fetched"


@pytest.fixture
def create_user() -> Callable[..., None]:
    """A function that creates an account with the command line."""

    def create(path: Path, email: str, *, role: str) -> None:
        shop = Shop(path, dict(os.environ), port=0)
        shop.run("users", "create", email, "--role", role, typed=f"{PASSWORD}\n")

    return create


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    """An external OIDC issuer, on loopback."""
    with running_issuer() as running:
        yield running


def pytest_terminal_summary(terminalreporter):
    """Print how many wrong deployments were named rightly."""
    counts = {
        word: sum(
            "test_wrong.py" in report.nodeid for report in terminalreporter.stats.get(word, ())
        )
        for word in ("passed", "failed")
    }
    if any(counts.values()):
        terminalreporter.write_line(f"hits {counts['passed']} of {sum(counts.values())}")
