"""A scratch clone of this repository, to release from; and what is changed in it."""

import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[5]

SHORT_NAMES = '''"""Short names of ids, to read out on the telephone."""

from uuid import UUID


def short_name(of: UUID) -> str:
    """Return the last six digits of an id, e.g. ``9f03ab``."""
    return of.hex[-6:]
'''

SHORT_NAMES_TEST = '''from uuid import UUID

from mercato_kit.short_names import short_name


def test_is_the_end_of_the_id():
    """Whoever reads it out needs no patience."""
    assert short_name(UUID(int=0xABC)) == "000abc"
'''

IMPORT_TEST = '''import mercato_{name}


def test_is_imported():
    """It says what it is."""
    assert mercato_{name}.__doc__
'''

ROUTE = '''"""HTTP: the short name of an order, for its customer at the telephone."""

from typing import Any

from mercato_kit.policies import anyone
from mercato_kit.schemas import QuerySchema, Schema, Text, Uuid
from mercato_kit.short_names import short_name
from mercato_orders.routes import blueprint

__all__ = ["blueprint"]


class ShortNameQuerySchema(QuerySchema):
    """Which order."""

    of = Uuid(required=True)


class ShortNameSchema(Schema):
    """What an order is called at the telephone."""

    short_name = Text(required=True)


@blueprint.get("/orders/short-name", allow=anyone)
@blueprint.arguments(ShortNameQuerySchema, location="query")
@blueprint.response(200, ShortNameSchema)
def name_order(query: dict[str, Any]) -> dict[str, Any]:
    """Tell the short name of an order"""
    return {"short_name": short_name(query["of"])}
'''

ROUTE_TEST = '''from uuid import UUID


def test_an_order_has_a_short_name(client):
    """It is the end of the order's id."""
    told = client.get(f"/v1/orders/short-name?of={UUID(int=0xABC)}")

    assert told.json["short_name"] == "000abc"
'''

KIT = "packages/platform/kit"
ORDERS = "packages/orders"
ROUTE_FILE = f"{ORDERS}/src/mercato_orders/short_names.py"


@dataclass(frozen=True)
class Scratch:
    """A repository of its own with the files of this one.

    Args:
        folder: Where it is.
    """

    folder: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run sessions of nox, as a team would; their output is one text."""
        command = [sys.executable, "-m", "nox", "--session", *words]
        foreign = ("MERCATO_", "NOX", "PYTEST_", "UV_INDEX", "VIRTUAL_ENV")
        environ = {key: text for key, text in os.environ.items() if not key.startswith(foreign)}
        return subprocess.run(
            command,
            cwd=self.folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def do(self, *words: str) -> str:
        """Run sessions that must pass, and return what they say."""
        done = self.run(*words)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def refuse(self, *words: str) -> str:
        """Run sessions that must not pass, and return what they say."""
        done = self.run(*words)
        assert done.returncode != 0, done.stdout
        return done.stdout

    def git(self, *words: str) -> str:
        """Ask git."""
        done = subprocess.run(
            ["git", *words], cwd=self.folder, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, message: str) -> None:
        """Commit everything there is, with the surfaces that it has."""
        self.do("surface")
        self.git("add", "--all")
        self.git("commit", "--quiet", f"--message={message}")

    def write(self, path: str, text: str) -> None:
        """Write a file."""
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text)

    def replace(self, path: str, old: str, new: str) -> None:
        """Change a text that a file has exactly once."""
        text = (self.folder / path).read_text()
        assert text.count(old) == 1, f"{path} has {text.count(old)} times: {old}"
        self.write(path, text.replace(old, new))

    def version(self, short: str) -> str:
        """Return the version that a package has in the working tree."""
        settings = tomllib.loads(self._pyproject(short).read_text())
        return str(settings["project"]["version"])

    def raise_version(self, short: str) -> str:
        """Raise the version of a package by as little as possible, commit it, and return it."""
        old = self.version(short)
        start, _, last = old.rpartition(".")
        new = f"{start}.{int(last) + 1}"
        path = self._pyproject(short).relative_to(self.folder).as_posix()
        self.replace(path, f'\nversion = "{old}"\n', f'\nversion = "{new}"\n')
        self.git("commit", "--quiet", "--all", f"--message={short}: {new}")
        return new

    @property
    def names(self) -> list[str]:
        """What the distributions are called: the names of their folders."""
        return sorted(pyproject.parent.name for pyproject in self._pyprojects())

    @property
    def units(self) -> list[str]:
        """What is released: the platform, and the folders of what is released alone."""
        alone = self.folder.glob("packages/*/pyproject.toml")
        return ["platform", *sorted(pyproject.parent.name for pyproject in alone)]

    @property
    def published(self) -> Path:
        """Where what was published lies."""
        return self.folder / "var/index"

    def tests_of(self, short: str) -> Path:
        """Return the folder of the tests of a distribution."""
        return self._pyproject(short).with_name("tests")

    def _pyproject(self, short: str) -> Path:
        (found,) = [one for one in self._pyprojects() if one.parent.name == short]
        return found

    def _pyprojects(self) -> list[Path]:
        return [
            *self.folder.glob("packages/*/pyproject.toml"),
            *self.folder.glob("packages/platform/*/pyproject.toml"),
            *self.folder.glob("host/pyproject.toml"),
        ]

    def note(self, short: str, kind: str, text: str) -> None:
        """Add a fragment to the changelog of a distribution."""
        file = self._pyproject(short).with_name("changes") / f"+rehearsed.{kind}.md"
        file.write_text(f"{text}\n")


def make_scratch(folder: Path) -> Scratch:
    """Clone what is committed here into a repository in which nothing was released.

    What is rehearsed are releases, so of the tests of each package only the few stay that are
    quick; they run as they are. The kit and orders get something small that one needs of the other.
    """
    command = ["git", "clone", "--quiet", "--no-tags", str(ROOT), str(folder)]
    subprocess.run(command, check=True)
    scratch = Scratch(folder)
    scratch.git("switch", "--quiet", "--force-create", "main")
    scratch.git("remote", "remove", "origin")
    scratch.git("config", "user.name", "Ada")
    scratch.git("config", "user.email", "ada@example.com")
    keep_quick_tests(scratch)
    plant_short_names(scratch)
    for name in scratch.names:
        scratch.note(name, "added", "What this rehearsal is about.")
    scratch.commit("scratch: what is rehearsed")
    return scratch


def keep_quick_tests(scratch: Scratch) -> None:
    """Remove all tests but those of conformance and errors, and of what knows no database.

    A distribution that has none of these gets one of its own: no test is no proof.
    """
    kept = {"test_conformance.py", "test_errors.py", "test_stock.py"}
    for name in scratch.names:
        folder = scratch.tests_of(name)
        for test in folder.glob("test_*.py"):
            if test.name not in kept:
                test.unlink()
        if not list(folder.glob("test_*.py")):
            (folder / "test_imports.py").write_text(IMPORT_TEST.format(name=name))


def plant_short_names(scratch: Scratch) -> None:
    """Let the kit make short names, and orders tell them."""
    scratch.write(f"{KIT}/src/mercato_kit/short_names.py", SHORT_NAMES)
    scratch.write(f"{KIT}/tests/test_short_names.py", SHORT_NAMES_TEST)
    scratch.write(ROUTE_FILE, ROUTE)
    scratch.write(f"{ORDERS}/tests/test_short_names.py", ROUTE_TEST)
    imported = "from mercato_orders.{} import blueprint\n"
    manifest = f"{ORDERS}/src/mercato_orders/feature.py"
    settings = "from mercato_orders.settings import OrdersSettings\n"
    scratch.replace(manifest, imported.format("routes"), "")
    scratch.replace(manifest, settings, settings + imported.format("short_names"))
