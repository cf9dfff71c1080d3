"""Fixtures for tests of hosts and of the platform; a ``conftest.py`` imports those it needs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mercato_composition.deployment.host import load_factory
from mercato_composition.deployment.model import Deployment
from mercato_composition.deployment.reader import read_deployment
from mercato_kit.feature import Feature


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of ``sys.path`` that distributions can be installed into."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, empty_database: Callable[[str], str]) -> str:
    """Return the URL of an empty database, once for each kind."""
    return empty_database(request.param)


@pytest.fixture
def deployment(tmp_path: Path) -> Callable[..., Deployment]:
    """Return a function that makes a testing deployment; its SQLite file does not exist yet."""

    def make(**tables: Any) -> Deployment:
        database = {"url": f"sqlite:///{tmp_path}/shop.db"}
        return read_deployment({"environment": "testing", "database": database, **tables})

    return make


@pytest.fixture
def client_of(deployment: Callable[..., Deployment]) -> Callable[..., FlaskClient]:
    """Return a function that boots manifests and returns a client.

    Its keyword arguments are tables of the deployment file.
    """

    def boot(*manifests: Feature, **tables: Any) -> FlaskClient:
        app: Flask = load_factory()(deployment(**tables), features=manifests)
        return app.test_client()

    return boot
