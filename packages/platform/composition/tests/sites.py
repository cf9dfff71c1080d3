"""A deployment file beside which `mercato` runs."""

import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from mercato_composition.commands.frame import mercato
from mercato_database.history import histories
from mercato_database.runner import migration_engine
from mercato_testing.samples import notes, wheels
from mercato_testing.samples.documents import read_document
from mercato_testing.samples.notes import Note

SAFE = 'editable = true\n[server]\nhosts = ["shop.example"]\ntrusted_proxies = 1\n'


def schema_of(command):
    """Return the schema in the wheel of a command's document."""
    schema = files("mercato_composition").joinpath(f"schemas/{command}.schema.json")
    return json.loads(schema.read_text())


def document(result):
    """Return the document that a command of this distribution prints."""
    return read_document(result.stdout, "mercato_composition")


KIT = [revision.number for revision in histories([])[0].migrations]


class Site:
    """A folder with an installed feature and a deployment that names it."""

    def __init__(self, folder):
        self.folder = folder
        self.url = f"sqlite:///{folder}/shop.db"
        self.file = folder / "deployment.toml"
        self.choose("notes")
        versions = Path(notes.__file__).parent / "migrations"
        (folder / "migrations").symlink_to(versions)
        wheels.install(folder, "notes", Path(notes.__file__).read_text())

    def choose(self, *features, environment="development", more=""):
        """Write the deployment file."""
        named = "".join(f"[features.{name}]\n" for name in features)
        self.file.write_text(
            f'environment = "{environment}"\n[database]\nurl = "{self.url}"\n{named}{more}'
        )

    def mercato(self, *arguments):
        """Run the command line in this process."""
        chosen = [f"--deployment={self.file}", *arguments]
        return CliRunner().invoke(mercato, chosen, terminal_width=100)

    def process(self, *arguments):
        """Run the command line in a new process, in the folder."""
        return subprocess.run(
            [sys.executable, "-m", "mercato_composition", *arguments],
            env={**os.environ, "PYTHONPATH": str(self.folder)},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )

    def texts(self):
        """Read the notes in the database."""
        with migration_engine(self.url) as engine, engine.connect() as connection:
            return list(connection.scalars(sa.select(Note.text).order_by(Note.text)))


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site without tables."""
    monkeypatch.syspath_prepend(tmp_path)
    return Site(tmp_path)


@pytest.fixture
def migrated(site):
    """A site with its tables."""
    site.mercato("db", "upgrade")
    return site
