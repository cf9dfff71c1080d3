"""Wrong deployments: what `mercato` says of each, and whether its fixes end the fault.

A case is a file in ``wrong/``::

    about = "a port that is no number"
    file = '''
    environment = "testing"
    [server]
    port = "abc"
    '''
    expect = ["K202@server.port"]
    golden = '''
    error[K202] deployment.toml:3
    …
    '''
    [[fixes]]
    key = "K202@server.port"

about:    What is wrong, in a few words.
file:     The deployment file, without the first end of line; none if it is left out.
encoding: How it is encoded, such as ``utf-16``; UTF-8 if it is left out.
others:   Other files, by path: ``others = { "pylock.toml" = "…" }``.
modes:    Permissions of files, as ``chmod`` takes them: ``modes = { "deployment.toml" = "666" }``.
postgresql: Whether ``MERCATO_DATABASE__URL`` names an empty database on the server of the tests.
migrated: What `mercato db upgrade` is run with before: a ``file``, or that of the case; ``wheels``,
          which are removed again, or those of the case.
database: Statements for ``shop.db``, a SQLite file beside it, before the command.
environ:  Variables. Others that start with ``MERCATO_`` are not set.
wheels:   Distributions that are installed, too: ``"orders 0.9"`` is the feature of this repository
          with another version; ``"broken-import(line=12)"`` is one of :data:`wrong_wheels.WHEELS`.
command:  The arguments of `mercato`; ``["check", "--offline"]`` if it is left out.
expect:   The key of each fault, in order.
golden:   What is printed. The folder is ``/srv/shop`` in it, and that of the environment ``/env``.
fixes:    What is known of the fixes of one key: ``fill`` has the text for each ``<part>``,
          ``reveals`` the keys of faults that show only after the fix, ``printed`` the reason why
          its commands are not executed: ``printed = "needs an index"``.

``WRITE_WRONG=1 pytest … -k test_wrong`` writes ``expect`` and ``golden`` of all cases: look at the
difference before you commit it.
"""

import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from importlib import invalidate_caches
from pathlib import Path

from click.testing import CliRunner

from mercato_composition.commands.frame import mercato
from mercato_composition.faults.documents import as_document

from .wrong_wheels import install_wheel

CASES = Path(__file__).parent / "wrong"

WRITE = os.environ.get("WRITE_WRONG") == "1"

LISTS = ("check", "doctor")
"""Commands whose document has their faults."""

PLACES = {str(Path(sys.prefix)): "/env"}
"""Paths of this machine, and what they are in a golden text."""


@dataclass
class Case:
    """A wrong deployment."""

    path: Path
    about: str
    file: str | None = None
    encoding: str = "utf-8"
    others: dict = field(default_factory=dict)
    modes: dict = field(default_factory=dict)
    postgresql: bool = False
    migrated: dict | None = None
    database: str = ""
    environ: dict = field(default_factory=dict)
    wheels: list = field(default_factory=list)
    command: list = field(default_factory=lambda: ["check", "--offline"])
    expect: list = field(default_factory=list)
    golden: str = ""
    fixes: list = field(default_factory=list)

    @property
    def known(self):
        """What is known of the fixes, by the key of the fault."""
        return {fix["key"]: fix for fix in self.fixes}


@dataclass
class Said:
    """What a command said: its text, and its faults as JSON has them."""

    text: str
    faults: list

    @property
    def keys(self):
        """The keys of the faults, in order."""
        return [fault["key"] for fault in self.faults]


def cases():
    """Return all cases by name."""
    return {
        path.stem: Case(path, **tomllib.loads(path.read_text()))
        for path in sorted(CASES.glob("*.toml"))
    }


class Place:
    """A folder with the files of a case, in which commands are run."""

    def __init__(self, folder, environ, first=None):
        self.folder = folder
        self.environ = environ
        self.first = first or folder

    @classmethod
    def of(cls, case, folder):
        """Write the files of a case, and install its wheels."""
        place = cls(folder, dict(case.environ))
        folder.mkdir(parents=True)
        if case.migrated is not None:
            place._migrate(case)
        place._write(case.file, case.wheels, case.encoding)
        for path, text in case.others.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        for path, mode in case.modes.items():
            (folder / path).chmod(int(mode, 8))
        if case.database:
            with contextlib.closing(sqlite3.connect(folder / "shop.db")) as connection:
                connection.executescript(case.database)
        return place

    def _write(self, file, wheels, encoding="utf-8"):
        """Write the deployment file, and install these wheels alone."""
        shutil.rmtree(self.folder / "wheels", ignore_errors=True)
        (self.folder / "wheels").mkdir()
        for wheel in wheels:
            install_wheel(self.folder / "wheels", wheel)
        if file is not None:
            (self.folder / "deployment.toml").write_bytes(file.encode(encoding))

    def _migrate(self, case):
        """Migrate the database, as the wheels of another time did."""
        self._write(case.migrated.get("file", case.file), case.migrated.get("wheels", case.wheels))
        with self._entered():
            done = self._invoke(["db", "upgrade"])
        assert done.exit_code == 0, done.output

    def copy(self, folder):
        """Return a copy, in which a fix is tried."""
        shutil.copytree(self.folder, folder)
        return Place(folder, dict(self.environ), self.first)

    def run(self, command):
        """Run `mercato` in this process, and return what it says."""
        with self._entered():
            shown = self._invoke(command).output
        return Said(self._tidy(shown), self.faults(command))

    def faults(self, command):
        """Return the faults that a command finds, as JSON has them."""
        with self._entered():
            if command[0] in LISTS:
                found = self._invoke([*command, "--json"])
                if found.stdout:
                    return json.loads(found.stdout)["faults"]
            else:
                found = self._invoke(command)
        # The command has exited because of the faults.
        error = getattr(found.exception, "__context__", None)
        return [as_document(fault) for fault in getattr(error, "faults", ())]

    def apply(self, fix, fill):
        """Do what a fix says, literally."""
        if fix["kind"] == "edit":
            self._edit(fix, fill)
            return
        line = filled(fix["text"], fill).replace(str(self.first), str(self.folder))
        done = subprocess.run(
            ["/bin/sh", "-c", f"set -e\n{line}\nenv -0"],
            cwd=self.folder,
            env=self._variables(),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stderr.decode()}"
        after = [one.partition("=") for one in done.stdout.decode().split("\0")]
        known = {name for name, _, _ in after} & {*self.environ}
        self.environ = {
            name: value for name, _, value in after if name.startswith("MERCATO_") or name in known
        }

    def _edit(self, fix, fill):
        file = self.folder / filled(fix["file"], {str(self.first): str(self.folder)})
        with file.open(encoding="utf-8-sig", newline="") as content:
            lines = content.read().splitlines(keepends=True)
        new = [f"{filled(line, fill)}\n" for line in fix["lines"]]
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        number, last = fix["line"], fix["last"] or fix["line"]
        start, stop = {
            "end": (len(lines), len(lines)),
            "after": (number, number),
            "instead": (number - 1, last),
            "remove": (number - 1, last),
        }[fix["how"]]
        file.write_bytes("".join(lines[:start] + new + lines[stop:]).encode())

    def _invoke(self, command):
        return CliRunner().invoke(mercato, command, prog_name="mercato")

    @contextlib.contextmanager
    def _entered(self):
        """Enter the folder, with its variables and wheels."""
        before, variables, modules = Path.cwd(), dict(os.environ), set(sys.modules)
        arguments, sys.argv = sys.argv, ["mercato"]
        wheels = str(self.folder / "wheels")
        sys.path.insert(0, wheels)
        os.chdir(self.folder)
        inside = self._variables()
        os.environ.clear()
        os.environ.update(inside)
        invalidate_caches()
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(variables)
            os.chdir(before)
            sys.argv = arguments
            sys.path.remove(wheels)
            for name in set(sys.modules) - modules:
                origin = getattr(sys.modules[name], "__file__", None)
                if origin and origin.startswith(wheels):
                    del sys.modules[name]

    def _variables(self):
        plain = {name: one for name, one in os.environ.items() if not name.startswith("MERCATO_")}
        # The commands of a message are those of the environment that printed it.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        wheels = str(self.folder / "wheels")
        return {**plain, **self.environ, "PATH": path, "PYTHONPATH": wheels}

    def _tidy(self, text):
        text = text.replace(str(self.folder), "/srv/shop")
        for path, name in PLACES.items():
            text = text.replace(path, name)
        # Which features are installed depends on the environment that runs the tests.
        return re.sub(r"(Installed features: ).*", r"\1…", text)


def ways(fault):
    """Return the ways that end a fault; each is a list of fixes that are made one after another."""
    found = []
    for fix in fault["fixes"]:
        is_next = found and found[-1][-1]["certainty"] == "sure" and fix["certainty"] != "choice"
        if is_next:
            found[-1].append(fix)
        else:
            found.append([fix])
    return found


def filled(text, fill):
    """Return a text with something in place of each ``<part>``."""
    for part, value in fill.items():
        text = text.replace(part, value)
    return text


def write(case, said):
    """Write what a command said as what is expected."""
    text = case.path.read_text()
    keys = "".join(f'  "{key}",\n' for key in said.keys)
    text = _with_block(text, r"^expect = \[.*?\]\n", f"expect = [\n{keys}]\n")
    text = _with_block(text, r"^golden = '''\n.*?'''\n", f"golden = '''\n{said.text}'''\n")
    case.path.write_text(text)


def _with_block(text, pattern, block):
    found = re.search(pattern, text, re.DOTALL | re.MULTILINE)
    if found:
        return text[: found.start()] + block + text[found.end() :]
    table = text.find("\n[[fixes]]")
    place = table + 1 if table >= 0 else len(text)
    return text[:place] + block + text[place:]
