"""An operator who installs releases from an index."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from mercato_dev.index import Index, serve_index
from mercato_dev.wheel_writer import closure, pack_installed

DEPLOYMENT = """environment = "testing"

[features.users]
[features.products]
[features.orders]
"""
DEPLOYED = ("mercato-host", "mercato-users", "mercato-products", "mercato-orders")


@dataclass(frozen=True)
class Operator:
    """An operator with a deployment file, and an index that mirrors what is published.

    Args:
        folder: The folder of the deployment file and the environments.
        index: The index.
    """

    folder: Path
    index: Index

    def mirror(self, published: Path) -> None:
        """Make the index have exactly the *published* files of ours."""
        for file in self.index.folder.glob("mercato_*"):
            file.unlink()
        for file in published.iterdir():
            if file.suffix in (".whl", ".gz"):
                self.index.add(file)

    def lock(self, **environ: str) -> dict[str, str]:
        """Lock, and return the version of each of our distributions."""
        self._mercato(self._host, "lock", f"--index={self.index.url}", **environ)
        packages = tomllib.loads((self.folder / "pylock.toml").read_text())["packages"]
        return {
            one["name"]: one["version"] for one in packages if one["name"].startswith("mercato-")
        }

    def install(self, **environ: str) -> dict[str, str]:
        """Install what is locked, and return the version of each of our distributions."""
        self._mercato(self._host, "install", f"--index={self.index.url}", **environ)
        self._mercato(self._current, "db", "upgrade")
        python = f"--python={self._current.parent / 'python'}"
        command = ["uv", "pip", "list", "--quiet", "--format=json", python]
        listed = subprocess.run(command, capture_output=True, text=True, check=True)
        installed = {one["name"]: one["version"] for one in json.loads(listed.stdout)}
        return {name: installed[name] for name in installed if name.startswith("mercato-")}

    def ask(self, path: str) -> dict[str, str]:
        """Serve the installed deployment, and return the response of one path."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [str(self._current), "serve", f"--bind=127.0.0.1:{port}"]
        with subprocess.Popen(command, cwd=self.folder, env=clean_environ()) as server:
            try:
                transport = httpx2.HTTPTransport(retries=8)
                with httpx2.Client(transport=transport, timeout=30) as client:
                    answer: dict[str, str] = client.get(f"http://127.0.0.1:{port}{path}").json()
                    return answer
            finally:
                server.terminate()

    def make_environment(self) -> None:
        """Install the newest host, which locks and installs."""
        python = self._host.parent / "python"
        subprocess.run(["uv", "venv", "--quiet", str(self._host.parents[1])], check=True)
        command = ["uv", "pip", "install", "--quiet", f"--python={python}"]
        chosen = [f"--default-index={self.index.url}", "mercato-host"]
        subprocess.run([*command, *chosen], check=True, env=clean_environ())

    def would_install(self, name: str, **environ: str) -> str:
        """Return what uv would install with these variables and without a lock."""
        python = f"--python={self._host.parent / 'python'}"
        command = ["uv", "pip", "install", "--dry-run", "--upgrade", python, name]
        done = subprocess.run(
            command, env=clean_environ() | environ, capture_output=True, text=True, check=True
        )
        return done.stderr

    @property
    def _host(self) -> Path:
        return self.folder / "host/bin/mercato"

    @property
    def _current(self) -> Path:
        return self.folder / "environments/current/bin/mercato"

    def _mercato(self, program: Path, *words: str, **environ: str) -> None:
        done = subprocess.run(
            [str(program), *words],
            cwd=self.folder,
            env=clean_environ() | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


def clean_environ() -> dict[str, str]:
    """Return the environment without variables that change installations."""
    foreign = ("MERCATO_", "PYTHON", "UV_INDEX", "UV_DEFAULT", "VIRTUAL_ENV")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {key: text for key, text in os.environ.items() if not key.startswith(foreign)}
    return kept | {"PATH": path}


@contextmanager
def operating(folder: Path) -> Iterator[Operator]:
    """Yield an operator whose index has all distributions of others."""
    packages = folder / "index"
    packages.mkdir()
    for name in closure(*DEPLOYED):
        if not name.startswith("mercato-"):
            pack_installed(packages, name)
    (folder / "deployment.toml").write_text(DEPLOYMENT)
    with serve_index(packages) as index:
        yield Operator(folder, index)


@contextmanager
def second_index(folder: Path, stranger: Path) -> Iterator[Index]:
    """Serve another index with a foreign wheel."""
    folder.mkdir()
    shutil.copy(stranger, folder)
    with serve_index(folder) as index:
        yield index
