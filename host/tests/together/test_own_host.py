"""An owner's own host, as docs/own-host.md describes it, built and installed outside of here."""

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from uv import find_uv_bin

import mercato_host

from .shop import free_port, wait_until_ready

DIST = Path(__file__).parents[3] / "dist"

PAGE = (Path(__file__).parents[3] / "docs/own-host.md").read_text()
(PYPROJECT,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
_, APP = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)

EXTENSION = """
from flask_cors import CORS

cors = CORS()
"""

DEPLOYMENT = """
environment = "development"
[database]
url = "sqlite:///shop.db"
[features.products]
"""


class OwnHost:
    """An environment with Acme's host in it, and a folder with a deployment file."""

    def __init__(self, folder):
        self.folder = folder
        self.bin = folder / "environment/bin"
        self.environ = {"PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": str(folder)}
        (folder / "deployment.toml").write_text(DEPLOYMENT)

    def run(self, *command):
        """Run a program of the environment to its end, and return its output."""
        done = subprocess.run(
            [self.bin / command[0], *command[1:]],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def serving(self, *command):
        """Run a server of the environment until the block ends."""
        with subprocess.Popen(
            [self.bin / command[0], *command[1:]],
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as server:
            try:
                yield server
            finally:
                server.terminate()


def write_host(folder):
    """Write Acme's host: a copy of ours with one more extension and an app of two lines."""
    source = folder / "acme-shop/src/acme_shop"
    shutil.copytree(Path(mercato_host.__file__).parent, source)
    (folder / "acme-shop/pyproject.toml").write_text(PYPROJECT)
    for file in source.glob("*.py"):
        file.write_text(file.read_text().replace("mercato_host", "acme_shop"))
    extensions = source / "extensions.py"
    own = extensions.read_text().replace("ma = Marshmallow()\n", f"ma = Marshmallow()\n{EXTENSION}")
    own = own.replace("    ma.init_app(app)\n", "    ma.init_app(app)\n    cors.init_app(app)\n")
    extensions.write_text(own)
    (source / "app.py").write_text(APP)
    return folder / "acme-shop"


@pytest.fixture(scope="module")
def acme(tmp_path_factory):
    """Acme's host, installed beside products and without ours."""
    folder = tmp_path_factory.mktemp("acme")
    uv, python = find_uv_bin(), folder / "environment/bin/python"
    wheels = [*DIST.glob("mercato_*.whl")]
    chosen = [it for it in wheels if it.name.split("-")[0].removeprefix("mercato_") in WANTED]
    make = [uv, "venv", "--quiet", f"--python={sys.executable}", folder / "environment"]
    subprocess.run(make, check=True)
    install = [uv, "pip", "install", "--quiet", f"--python={python}", "gunicorn>=27"]
    subprocess.run([*install, *chosen, write_host(folder)], check=True, cwd=folder)
    return OwnHost(folder)


WANTED = {"composition", "contracts", "database", "installer", "kit", "products", "runtime"}


class TestOwnHost:
    def test_has_every_command(self, acme):
        """The entry point in its pyproject gives it every command; ours is not installed."""
        help_ = acme.run("mercato", "--help")

        for command in ("check", "config", "db", "data", "doctor", "lock", "routes", "serve"):
            assert f"  {command} " in help_
        assert acme.run("mercato", "db", "upgrade").endswith(" applied.\n")
        assert acme.run("mercato", "check").startswith("deployment.toml fits: mercato-products")
        assert "products: " in acme.run("mercato", "seed")
        assert "/v1/products" in acme.run("mercato", "routes")
        names = "import importlib.metadata as m; print([it.name for it in m.distributions()])"
        assert "'mercato-host'" not in acme.run("python", "-c", names)

    def test_is_an_app_for_flask(self, acme):
        """`flask --app` finds it."""
        assert "products" in acme.run("flask", "--app", "acme_shop.app", "routes")

    @pytest.mark.parametrize(
        "command",
        [
            ("mercato", "serve", "--bind=127.0.0.1:{port}"),
            ("gunicorn", "--no-control-socket", "--bind=127.0.0.1:{port}", "acme_shop.app:app"),
            ("flask", "--app", "acme_shop.app", "run", "--port={port}"),
        ],
        ids=["mercato serve", "gunicorn", "flask run"],
    )
    def test_is_served_with_its_own_extension(self, acme, command):
        """Each server answers with the header that Acme's extension adds."""
        acme.run("mercato", "db", "upgrade")
        port = free_port()

        address = f"http://127.0.0.1:{port}"
        with acme.serving(*(part.format(port=port) for part in command)) as server:
            wait_until_ready(address, [server])
            origin = {"Origin": "https://elsewhere.example"}
            answer = httpx2.get(f"{address}/v1/products", headers=origin)

        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] in ("*", "https://elsewhere.example")
