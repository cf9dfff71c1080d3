"""A clone of this repository to release from, and functions that change it."""

import json
import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, cast
from uuid import UUID

ROOT = Path(__file__).parents[5]

SHORT_NAMES = '''"""Short names of ids, for reading out on the telephone."""

from uuid import UUID


def short_name(of: UUID) -> str:
    """Return the last six digits of an id, e.g. ``9f03ab``."""
    return of.hex[-6:]
'''

SHORT_NAMES_TEST = '''from uuid import UUID

from mercato_kit.short_names import short_name


def test_is_the_end_of_the_id():
    """It is the last six digits."""
    assert short_name(UUID(int=0xABC)) == "000abc"
'''

IMPORT_TEST = '''import mercato_{name}


def test_is_imported():
    """It has a docstring."""
    assert mercato_{name}.__doc__
'''

ROUTE = '''"""HTTP: the short name of an order, for customers on the telephone."""

from typing import Any

from mercato_kit.policies import anyone
from mercato_kit.schemas import QuerySchema, Schema, Text, Uuid
from mercato_kit.short_names import short_name
from mercato_orders.routes import blueprint

__all__ = ["blueprint"]


class ShortNameQuerySchema(QuerySchema):
    """The order."""

    of = Uuid(required=True, metadata={"description": "Id of the order"})


class ShortNameSchema(Schema):
    """The short name of an order."""

    short_name = Text(required=True, metadata={"description": "Its last six digits"})


@blueprint.get("/orders/short-name", allow=anyone)
@blueprint.arguments(ShortNameQuerySchema, location="query")
@blueprint.response(200, ShortNameSchema)
def name_order(query: dict[str, Any]) -> dict[str, Any]:
    """Get the short name of an order"""
    return {"short_name": short_name(query["of"])}
'''

ROUTE_TEST = '''from uuid import UUID


def test_an_order_has_a_short_name(client):
    """The response is the end of the order's id."""
    told = client.get(f"/v1/orders/short-name?of={UUID(int=0xABC)}")

    assert told.json["short_name"] == "000abc"
'''

KIT = "packages/platform/kit"
ORDERS = "packages/orders"
GATE = "combinations(none)"
ROUTE_FILE = f"{ORDERS}/src/mercato_orders/short_names.py"
LISTED = '    "settings",\n'
EXAMPLES = f"{ORDERS}/src/mercato_orders/examples.json"


@dataclass(frozen=True)
class Scratch:
    """A clone of this repository.

    Args:
        folder: The folder of the clone.
    """

    folder: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run nox sessions, and print which; standard output has errors, too."""
        command = [sys.executable, "-m", "nox", "--session", *words]
        foreign = ("MERCATO_", "NOX", "PYTEST_", "UV_INDEX", "VIRTUAL_ENV")
        environ = {key: text for key, text in os.environ.items() if not key.startswith(foreign)}
        environ["PYTHONUNBUFFERED"] = "1"
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as nox:
            output = "".join(map(shown, cast("TextIO", nox.stdout)))
        return subprocess.CompletedProcess(command, nox.returncode, output)

    def do(self, *words: str) -> str:
        """Run sessions that must pass, and return their output."""
        done = self.run(*words)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def refuse(self, *words: str) -> str:
        """Run sessions that must fail, and return their output."""
        done = self.run(*words)
        assert done.returncode != 0, done.stdout
        return done.stdout

    def git(self, *words: str) -> str:
        """Run git, and return its output."""
        done = subprocess.run(
            ["git", *words], cwd=self.folder, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, message: str) -> None:
        """Commit everything with current surfaces."""
        self.do("surface")
        self.git("add", "--all")
        self.git("commit", "--quiet", f"--message={message}")

    def write(self, path: str, text: str) -> None:
        """Write a file."""
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text)

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace a text that occurs exactly once in a file."""
        text = (self.folder / path).read_text()
        assert text.count(old) == 1, f"{path} has {text.count(old)} times: {old}"
        self.write(path, text.replace(old, new))

    def show(self, answer: dict[str, Any]) -> None:
        """Write what the planted route answers as the example of its document."""
        examples = json.loads((self.folder / EXAMPLES).read_text())
        request = {"query": {"of": str(UUID(int=0xABC))}}
        examples["orders_name_order"] = {"answer": answer, "request": request, "status": 200}
        self.write(EXAMPLES, json.dumps(examples, indent=1) + "\n")

    def version(self, short: str) -> str:
        """Return the version of a package in the work tree."""
        settings = tomllib.loads(self._pyproject(short).read_text())
        return str(settings["project"]["version"])

    def raise_version(self, short: str) -> str:
        """Raise the patch version of a package, commit it, and return it."""
        old = self.version(short)
        start, _, last = old.rpartition(".")
        new = f"{start}.{int(last) + 1}"
        path = self._pyproject(short).relative_to(self.folder).as_posix()
        self.replace(path, f'\nversion = "{old}"\n', f'\nversion = "{new}"\n')
        self.git("commit", "--quiet", "--all", f"--message={short}: {new}")
        return new

    @property
    def names(self) -> list[str]:
        """The folders of all distributions."""
        return sorted(pyproject.parent.name for pyproject in self._pyprojects())

    @property
    def units(self) -> list[str]:
        """The release units: the platform, and the folders of the other distributions."""
        alone = self.folder.glob("packages/*/pyproject.toml")
        return ["platform", *sorted(pyproject.parent.name for pyproject in alone)]

    @property
    def published(self) -> Path:
        """The folder of the local index."""
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


def shown(line: str) -> str:
    """Write a line that says which session runs or ended, and return it."""
    if line.startswith(("nox > Running session", "nox > Session")):
        sys.stdout.write(line)
        sys.stdout.flush()
    return line


def make_scratch(folder: Path) -> Scratch:
    """Clone this repository without its tags, so that nothing is released.

    Only quick tests and one quick gate of the workspace are kept, because releases are rehearsed:
    each unit runs them. The kit gets a small function, and orders a route that uses it.
    """
    command = ["git", "clone", "--quiet", "--no-tags", str(ROOT), str(folder)]
    subprocess.run(command, check=True)
    scratch = Scratch(folder)
    scratch.git("switch", "--quiet", "--force-create", "main")
    scratch.git("remote", "remove", "origin")
    scratch.git("config", "user.name", "Ada")
    scratch.git("config", "user.email", "ada@example.com")
    keep_quick_tests(scratch)
    scratch.replace("pyproject.toml", 'gates = ["combinations", "pace"]', f"gates = [{GATE!r}]")
    plant_short_names(scratch)
    for name in scratch.names:
        scratch.note(name, "added", "What this rehearsal is about.")
    scratch.commit("scratch: what is rehearsed")
    return scratch


def keep_quick_tests(scratch: Scratch) -> None:
    """Remove all tests except those of conformance, of errors, and of contracts.

    A distribution without any of these gets one test, because a session without tests fails.
    """
    for name in scratch.names:
        folder = scratch.tests_of(name)
        is_feature = folder.parents[1].name == "packages"
        for test in folder.glob("test_*.py"):
            # Conformance wants a class that inherits the suite of each contract of a feature.
            is_suite = "from mercato_testing.contracts import" in test.read_text()
            is_kept = test.name in {"test_conformance.py", "test_errors.py"}
            if not (is_kept or (is_feature and is_suite)):
                test.unlink()
        if not list(folder.glob("test_*.py")):
            (folder / "test_imports.py").write_text(IMPORT_TEST.format(name=name))


def plant_short_names(scratch: Scratch) -> None:
    """Add short names to the kit, and a route with them to orders."""
    scratch.write(f"{KIT}/src/mercato_kit/short_names.py", SHORT_NAMES)
    scratch.replace(f"{KIT}/src/mercato_kit/__init__.py", LISTED, f'{LISTED}    "short_names",\n')
    scratch.write(f"{KIT}/tests/test_short_names.py", SHORT_NAMES_TEST)
    scratch.write(ROUTE_FILE, ROUTE)
    scratch.write(f"{ORDERS}/tests/test_short_names.py", ROUTE_TEST)
    scratch.show({"short_name": "000abc"})
    imported = "from mercato_orders.{} import blueprint\n"
    manifest = f"{ORDERS}/src/mercato_orders/feature.py"
    settings = "from mercato_orders.settings import OrdersSettings\n"
    scratch.replace(manifest, imported.format("routes"), "")
    scratch.replace(manifest, settings, settings + imported.format("short_names"))
