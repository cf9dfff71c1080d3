"""Generated clients order from a served shop with sample data."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import copytree

import httpx2
import pytest

from ..together.shop import Shop, running_shop
from ..together.shopping import key

DEPLOYMENT = Path(__file__).parents[2] / "deployments" / "development.toml"
HERE = Path(__file__).parent


def run(command: Sequence[str], folder: Path, **environ: str) -> str:
    """Run a command in *folder*, and return what it prints; fail with all of it if it fails."""
    env = {**os.environ, **environ}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def shop(tmp_path_factory) -> Iterator[Shop]:
    """A served shop with sample data."""
    database = f"sqlite:///{tmp_path_factory.mktemp('shop')}/shop.db"
    environ = {"MERCATO_DATABASE__URL": database, "MERCATO_LOGGING__LEVEL": "ERROR"}
    setup = (("db", "upgrade"), ("seed",))
    with running_shop(DEPLOYMENT, environ, setup=setup, worker=False) as running:
        yield running


@pytest.fixture(scope="session")
def document(shop, tmp_path_factory) -> Path:
    """The file of its API document."""
    file = tmp_path_factory.mktemp("document") / "openapi.json"
    file.write_bytes(httpx2.get(f"{shop.address}/openapi.json").content)
    return file


def assert_ordered(shop: Shop, printed: str) -> None:
    """Check that a client placed an order at the price of the gift card, and nothing else."""
    said = json.loads(printed.splitlines()[-1])
    assert said["amount_total"] == 2500
    assert httpx2.get(f"{shop.address}/v1/orders/{said['id']}").status_code == 404


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """A copy of the folder of the TypeScript program, with what its lock file names."""
    folder = copytree(HERE / "typescript", tmp_path_factory.mktemp("node") / "order")
    run(["npm", "ci", "--no-audit", "--no-fund"], folder)
    return folder


class TestPython:
    """openapi-python-client, which reads ``oneOf`` and ``const``, and nothing inline."""

    @pytest.fixture
    def generated(self, document, tmp_path_factory) -> Path:
        """The folder of the generated package."""
        folder = tmp_path_factory.mktemp("python") / "client"
        words = ["generate", f"--path={document}", f"--output-path={folder}", "--fail-on-warning"]
        run([sys.executable, "-m", "openapi_python_client", *words], folder.parent)
        return folder

    def test_places_an_order(self, shop, generated):
        """A client is generated without a warning, orders, and reads the refusal of another."""
        program = [sys.executable, str(HERE / "order.py"), shop.address, key()["Idempotency-Key"]]

        printed = run(program, generated, PYTHONPATH=str(generated))

        assert_ordered(shop, printed)


class TestTypeScript:
    """openapi-typescript with openapi-fetch, and redocly; npm installs them."""

    def test_places_an_order(self, shop, document, folder):
        """Types are generated, a strict program compiles with them, and it orders."""
        programs = folder / "node_modules" / ".bin"
        run([str(programs / "openapi-typescript"), str(document), "-o", "schema.d.ts"], folder)
        run([str(programs / "tsc")], folder)

        printed = run(["node", "order.js", shop.address, key()["Idempotency-Key"]], folder)

        assert_ordered(shop, printed)

    def test_finds_nothing_in_the_document(self, document, folder):
        """The recommended rules of redocly find no error and no warning."""
        redocly = [str(folder / "node_modules" / ".bin" / "redocly"), "lint", "--format=json"]

        found = json.loads(run([*redocly, str(document)], folder, REDOCLY_TELEMETRY="off"))

        assert found["problems"] == []
