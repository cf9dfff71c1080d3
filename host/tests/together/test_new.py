"""A feature from the template passes all checks of a change, and boots."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import httpx2

from mercato_dev.scaffold import CONTRACTS, make_feature
from mercato_users.sample_data import CUSTOMER_PASSWORD, CUSTOMERS

from .clones import clone_to, end, start
from .shop import free_port, wait_until_ready

NOX = f"{sys.executable} -m nox"


DIST = Path(__file__).parents[3] / "dist"


def nox(folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run sessions in *folder*, all of them."""
    command = [sys.executable, "-m", "nox", "--session", *words]
    env = os.environ | environ
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def ask(address: str) -> tuple[int, int]:
    """Count the wishlists that the first sample customer sees, and get the status of a guest."""
    login = {"email": CUSTOMERS[0][0], "password": CUSTOMER_PASSWORD}
    tokens = httpx2.post(f"{address}/v1/auth/login", json=login).json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    own = httpx2.get(f"{address}/v1/wishlists", headers=headers).json()["data"]
    return len(own), httpx2.get(f"{address}/v1/wishlists").status_code


def write_other_shapes(place: Path, sources: Path) -> None:
    """Make a feature of each other shape, and copy its package to *sources*."""
    options = [{"shape": "contract", "contract": name} for name in CONTRACTS]
    for number, option in enumerate([{"shape": "empty"}, *options]):
        made = make_feature(f"shape{number}", place, workspace=False, **option)
        shutil.copytree(made / "src", sources, dirs_exist_ok=True)


class TestNew:
    def test_is_green_and_boots_with_all_the_others(self, tmp_path):
        """The new feature passes its tests and the gates, and runs in a shop, without edits."""
        clone_to(tmp_path)
        shutil.copytree(DIST, tmp_path / "dist")

        made = nox(tmp_path, "new", "--", "wishlists")
        again = nox(tmp_path, "new", "--", "wishlists")
        # The repository below checks the types of the same template.
        passed = nox(tmp_path, "tests(wishlists)", "lint", "boundaries")

        assert made.returncode == 0, made.stdout + made.stderr
        assert again.returncode != 0
        assert "exists already" in again.stdout + again.stderr
        assert passed.returncode == 0, passed.stdout + passed.stderr
        assert self._open_a_shop(tmp_path) == (1, 401)

    def _open_a_shop(self, folder: Path) -> tuple[int, int]:
        """Open the sample shop with the new feature in its deployment file; see :func:`ask`."""
        deployment = folder / "host/deployments/development.toml"
        deployment.write_text(f"{deployment.read_text()}\n[features.wishlists]\n")
        assert "wishlists" in tomllib.loads(deployment.read_text())["features"]
        port = free_port()
        shop = start(f"{NOX} -s shop -- --port {port}", folder)
        try:
            wait_until_ready(f"http://127.0.0.1:{port}", [shop], within_seconds=240)
            return ask(f"http://127.0.0.1:{port}")
        finally:
            end(shop)


class TestRepositoryOfStrangers:
    def test_has_the_same_sessions(self, tmp_path):
        """Outside of this repository, the noxfile of a new feature imports the sessions.

        Its surface.json has HTTP, tables and manifest, because its tests require a host.
        The types of all other shapes are checked with its own.
        """
        command = [sys.executable, "-m", "mercato_composition", "new", "loyalty", "--into=."]
        subprocess.run(command, cwd=tmp_path, check=True)
        folder = tmp_path / "mercato-loyalty"
        write_other_shapes(tmp_path, folder / "src")

        listed = subprocess.run(
            [sys.executable, "-m", "nox", "--list"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        sessions = ("tests(mercato-loyalty)", "imports(mercato-loyalty)", "lint", "types")
        # uv caches a wheel by its path, also if the file changes: the folder has a random name.
        with tempfile.TemporaryDirectory() as wheels:
            shutil.copytree(DIST, wheels, dirs_exist_ok=True)
            passed = nox(folder, *sessions, "boundaries", "surface", UV_FIND_LINKS=wheels)

        for name in ("gates(mercato-loyalty)", "release", "publish", "surface", *sessions):
            assert f" {name} -> " in listed.stdout
        assert passed.returncode == 0, passed.stdout + passed.stderr
        surface = json.loads((folder / "surface.json").read_text())
        assert "GET /v1/loyalty" in surface["http"]["operations"]
        assert {"loyalty_buyer", "loyalty_loyalty"} == surface["tables"].keys()
        assert surface["manifest"]["features"] == ["loyalty"]
