"""The commands of the README and of two pages of docs are run; the deployment file is read."""

import re
import subprocess
import tomllib
from pathlib import Path

import httpx2
import pytest

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.features.plan import compose

from .clones import clone_to, end, start
from .shop import free_port, wait_until_ready

ROOT = Path(__file__).parents[3]
DEPLOYING = "docs/deploying.md"
PAGES = ("README.md", "docs/writing-a-feature.md", DEPLOYING)


def blocks(page: str, language: str) -> list[str]:
    """Return the blocks of code in one language that a page has."""
    text = (ROOT / page).read_text()
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


COMMANDS = [line for page in PAGES for block in blocks(page, "sh") for line in block.split("\n")]
SHOP, TESTS, *OTHERS = [line for line in COMMANDS if line]
SERVICES = ("worker", "serve")
KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHI"
PASSWORD = "a quiet morning at the market"


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """A copy of the tracked files of this repository."""
    folder = tmp_path_factory.mktemp("clone")
    clone_to(folder)
    ask_git(folder, "init", "--quiet")
    ask_git(folder, "add", "--all")
    return folder


def ask_git(clone: Path, *words: str) -> str:
    """Run git on the files of a clone. Its folder is outside: the commands find no repository."""
    where = [f"--git-dir={clone}.git", f"--work-tree={clone}"]
    done = subprocess.run(
        ["git", *where, *words], cwd=clone, capture_output=True, text=True, check=True
    )
    return done.stdout


def untracked(clone: Path) -> list[str]:
    """Return the files and folders that the commands made and git would not ignore."""
    lines = ask_git(clone, "status", "--porcelain").splitlines()
    return [line.removeprefix("?? ") for line in lines if line.startswith("?? ")]


class TestTwoCommands:
    def test_open_a_shop_and_what_follows_works(self, clone):
        """In a fresh clone the first command serves a full shop, and the others work."""
        port = free_port()
        shop = start(f"{SHOP} -- --port {port}", clone)
        wait_until_ready(f"http://127.0.0.1:{port}", [shop], within_seconds=240)

        products = httpx2.get(f"http://127.0.0.1:{port}/v1/products?include=total").json()
        shown = httpx2.get(f"http://127.0.0.1:{port}/composition").json()["settings"]
        bank = httpx2.get(f"http://127.0.0.1:{port + 2}/readyz").status_code
        ended = end(shop)

        assert products["total"] >= 500
        assert (bank, ended) == (200, 0)
        assert [it["value"] for it in shown if it["key"] in ("port", "link_base_url")] == [
            port,
            f"http://127.0.0.1:{port}",
        ]
        assert untracked(clone) == []
        self._run_the_others(clone)

    def _run_the_others(self, clone: Path) -> None:
        """Run the commands of the other pages in their order; services run until ready."""
        port = free_port()
        running = []
        for command in OTHERS:
            if command.split()[-1] in SERVICES:
                heard = subprocess.PIPE if command.endswith("worker") else None
                running.append(start(command, clone, stderr=heard, MERCATO_SERVER__PORT=str(port)))
                continue
            process = start(command, clone, MERCATO_SERVER__PORT=str(port))
            process.communicate(f"{PASSWORD}\n".encode(), timeout=300)
            assert process.returncode == 0, command
        wait_until_ready(f"http://127.0.0.1:{port}", running, within_seconds=60)
        worker = running[SERVICES.index("worker")]
        assert any(b"ready for events and jobs" in line for line in worker.stderr)
        body = {"email": "ada@example.com", "password": PASSWORD}
        login = httpx2.post(f"http://127.0.0.1:{port}/v1/auth/login", json=body)
        assert login.status_code == 200
        assert [end(process) for process in running] == [0] * len(SERVICES)
        # Only the new feature is there to be committed.
        assert {name for name in untracked(clone) if "wishlists" not in name} == set()

    def test_the_second_is_what_ci_runs(self):
        """CI calls the README's test command, in a temporary environment."""
        script = (ROOT / ".ci/run").read_text()

        install, tests = TESTS.split(" && ")[1:]

        assert install.removeprefix(".venv/bin/pip install ") in script
        assert tests.removeprefix(".venv/bin/nox ") in script


class TestDeploymentFile:
    def test_is_read(self):
        """The deployment file of the page has no faults in production."""
        (text,) = blocks(DEPLOYING, "toml")

        deployment = read_deployment(tomllib.loads(text), {"MERCATO_SECRET_KEY": KEY})

        found = compose(deployment)

        assert [fault for fault in found.faults if fault.severity == "error"] == []
        names = {feature.name for feature in found.features}
        assert names == {"users", "products", "orders", "payments_manual", "notifications"}
