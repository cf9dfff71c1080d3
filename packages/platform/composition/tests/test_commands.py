import json
import os
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import click
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from jsonschema import validate

from mercato_composition.commands import Operation
from mercato_composition.commands.frame import mercato, printed_errors
from mercato_database.history import histories
from mercato_database.runner import migration_engine
from mercato_testing.samples import notes, wheels
from mercato_testing.samples.notes import Note

SAFE = 'editable = true\n[server]\nhosts = ["shop.example"]\ntrusted_proxies = 1\n'

SCHEMA = json.loads(files("mercato_composition.report").joinpath("check.schema.json").read_text())

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


class TestProcess:
    def test_says_everything_at_once(self, site):
        """All faults are printed at once, without a traceback, and the exit code is 2."""
        site.choose("notes", "nots", more="[features.notes.settings]\ncolour = 1\n")

        checked = site.process("check")

        assert checked.returncode == 2
        for code in ("K101", "K203", "K302"):
            assert f"error[{code}]" in checked.stderr
        assert "Did you mean 'notes'?" in checked.stderr
        assert "Traceback" not in checked.stderr

    def test_without_a_file(self, site):
        """A missing deployment file is a fault."""
        site.file.unlink()

        checked = site.process("check")

        assert (checked.returncode, "error[K100]" in checked.stderr) == (2, True)

    def test_runs_a_feature(self, migrated):
        """A command of a feature runs with the deployment file alone."""
        done = migrated.process("notes", "add", "hello")

        assert (done.returncode, done.stdout, done.stderr) == (0, "added hello\n", "")
        assert migrated.texts() == ["hello"]


class TestPrintedErrors:
    def test_of_a_file(self):
        """A file that cannot be opened is named, without a traceback unless it is asked for."""
        missing = Path("/nowhere/x")

        with pytest.raises(click.ClickException) as printed, printed_errors(trace=False):
            missing.read_bytes()

        assert printed.value.message == "/nowhere/x: No such file or directory"
        with pytest.raises(FileNotFoundError), printed_errors(trace=True):
            missing.read_bytes()


class TestHelp:
    def test_lists_the_commands_of_features(self, site):
        """Help lists the platform's commands, the enabled features, and a first start."""
        shown = site.mercato("--help").stdout

        assert re.search(r"check +Report all faults", shown)
        assert re.search(r"Commands of features.*\n +notes\n", shown)
        assert "Keep notes." in site.mercato("notes", "--help").stdout
        assert "A first start:" in shown
        assert not (site.folder / "shop.db").exists()

    def test_works_where_nothing_else_does(self, site):
        """Help works without a deployment file."""
        site.file.unlink()

        helped = site.mercato("--help")

        assert (helped.exit_code, "serve" in helped.stdout) == (0, True)

    @pytest.mark.parametrize(
        "command", ["check", "install", "routes", "seed", "serve", "worker", "db upgrade"]
    )
    def test_teaches(self, site, command):
        """The help of each command has an example."""
        shown = site.mercato(*command.split(), "--help").stdout

        assert f"Examples:\n  mercato {command}" in shown


class TestUsage:
    """A wrong command line exits with 64, with a suggestion, before a file is read."""

    @pytest.mark.parametrize(
        ("arguments", "suggestion"),
        [
            (["chek"], "'check'"),
            (["note", "add"], "'notes'"),
            (["check", "--jsn"], "'--json'"),
            (["--deploymnt", "x.toml", "check"], "'--deployment'"),
        ],
    )
    def test_suggests(self, site, arguments, suggestion):
        """Unknown commands and options name the most similar one."""
        site.file.write_text("[server")

        refused = site.mercato(*arguments)

        assert (refused.exit_code, f"Did you mean {suggestion}?" in refused.stderr) == (64, True)
        assert "K100" not in refused.stderr


class TestImports:
    """What needs no deployment starts without the libraries that others need."""

    HEAVY = ("flask", "sqlalchemy", "marshmallow", "alembic", "msgspec", "packaging", "mercato_kit")

    @pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["explain", "K101"]])
    def test_click_alone(self, tmp_path, arguments):
        """--version, --help and explain import click alone."""
        imported = self._imported(tmp_path, f"main({arguments})")

        assert imported.isdisjoint(self.HEAVY)

    def test_tops_of_commands(self, tmp_path):
        """No module of a distribution's command imports a library but click at its top."""
        load = "[entry.load() for entry in entry_points(group='mercato.commands')]"

        assert self._imported(tmp_path, load).isdisjoint(self.HEAVY)

    def _imported(self, folder, code):
        program = (
            "import sys\n"
            "from importlib.metadata import entry_points\n"
            "from mercato_composition.commands.frame import main\n"
            f"try: {code}\n"
            "except SystemExit: pass\n"
            "print(*sys.modules)"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True
        )
        return {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}


class TestOperation:
    def test_asks_once(self):
        """What several checks of one run need is made once for that run, and again for the next."""
        asked = []

        def ask(operation):
            asked.append(operation)
            return len(asked)

        first, second = Operation(None), Operation(None)

        answers = [first.once(ask), first.once(ask), second.once(ask)]

        assert (answers, asked) == ([1, 1, 2], [first, second])


class TestCheck:
    def test_says_what_fits(self, migrated):
        """`check` names the releases of a deployment that can be started."""
        checked = migrated.mercato("check")

        assert (checked.exit_code, checked.stdout) == (
            0,
            "deployment.toml fits: mercato-notes 1.0\n",
        )

    def test_offline_leaves_the_database_alone(self, site):
        """With --offline the database is not opened."""
        checked = site.mercato("check", "--offline")

        assert (checked.exit_code, "not checked" in checked.stdout) == (0, True)

    def test_speaks_json(self, site):
        """--json prints the same faults as JSON."""
        checked = site.mercato("check", "--json")

        found = json.loads(checked.stdout)
        validate(found, SCHEMA)
        assert (checked.exit_code, found["fits"]) == (2, False)
        [feature] = found["features"]
        assert (feature["name"], feature["state"], feature["because"]) == (
            "notes",
            "composed",
            ["K302@notes"],
        )
        pending = found["faults"][1]
        assert (pending["key"], pending["where"]) == ("K302@notes", "mercato-notes 1.0 ('notes')")
        assert pending["what"] == [
            "it has no tables yet; this version needs 0002: 2 migrations are pending."
        ]
        [fix] = pending["fixes"]
        assert fix["commands"] == [["mercato", "db", "upgrade"]]
        assert fix["text"] == f"mercato --deployment {site.file} db upgrade"

    @pytest.mark.parametrize("text", ["[server", "[features.nots]", ""])
    def test_is_one_document_whatever_is_wrong(self, site, text):
        """Standard output is one document that its schema allows, and its sums are right."""
        site.file.write_text(text)

        found = json.loads(site.mercato("check", "--json").stdout)

        validate(found, SCHEMA)
        assert found["errors"] + found["warnings"] == len(found["faults"])
        assert found["deployment"]["file"] == "deployment.toml"

    def test_is_a_document_without_a_file(self, site):
        """A file that is absent is a fault (K100) in the document."""
        site.file.unlink()

        found = json.loads(site.mercato("check", "--json").stdout)

        validate(found, SCHEMA)
        assert [fault["code"] for fault in found["faults"]] == ["K100"]

    def test_traces_on_demand(self, site):
        """--trace prints the traceback of a fault."""
        site.choose("nots")

        traced = site.mercato("--trace", "routes")

        assert (traced.exit_code, "Traceback" in traced.stderr) == (2, True)


class TestSecrets:
    """A secret that is absent stops what needs it; one that is wrong stops every command."""

    @pytest.mark.parametrize("command", ["graph", "config", "routes", "db plan", "data"])
    def test_what_reads_needs_none(self, migrated, command):
        """Commands that only read say nothing of an absent secret."""
        migrated.choose("notes", environment="production", more=SAFE)

        done = migrated.mercato(*command.split())

        assert (done.exit_code, "secret_key is" in done.output) == (0, False)

    @pytest.mark.parametrize(
        ("options", "severity", "code"), [(["--offline"], "warning", 0), ([], "error", 2)]
    )
    def test_what_prepares_a_start_names_it(self, migrated, options, severity, code):
        """`check --offline` warns, and `check` refuses."""
        migrated.choose("notes", environment="production", more=SAFE)

        done = migrated.mercato("check", *options)

        assert done.exit_code == code
        assert f"{severity}[K201] deployment.toml" in done.output

    @pytest.mark.parametrize("command", ["config", "graph", "routes", "check --offline"])
    def test_a_wrong_one_is_said_everywhere(self, migrated, command):
        """A secret that is given and wrong is an error."""
        migrated.choose("notes", environment="production", more=SAFE)

        done = CliRunner().invoke(
            mercato,
            [f"--deployment={migrated.file}", *command.split()],
            env={"MERCATO_SECRET_KEY": "short"},
        )

        assert (done.exit_code, "error[K202]" in done.stderr) == (2, True)


class TestDb:
    def test_upgrade_applies_and_says_so(self, site):
        """`db upgrade` prints a line for each revision; the second run applies none."""
        first, second = site.mercato("db", "upgrade"), site.mercato("db", "upgrade")

        assert first.stdout.splitlines() == [
            *(f"kit {revision}" for revision in KIT),
            "notes 0001",
            "notes 0002",
            f"{len(KIT) + 2} applied.",
        ]
        assert second.stdout == "Nothing to do: all is up to date.\n"

    def test_upgrade_needs_every_feature(self, site):
        """If a feature cannot be loaded, no migration is applied."""
        site.choose("notes", "nots")

        refused = site.mercato("db", "upgrade")

        assert (refused.exit_code, "K101" in refused.stderr) == (2, True)
        assert not (site.folder / "shop.db").exists()

    @pytest.mark.provokes("K305")
    def test_upgrade_says_what_failed(self, site):
        """A failed migration is reported with its statement, without a traceback."""
        (site.folder / "migrations").unlink()
        versions = site.folder / "migrations/versions"
        versions.mkdir(parents=True)
        source = (Path(notes.__file__).parent / "migrations/versions/0001_initial.py").read_text()
        (versions / "0001_initial.py").write_text(source.replace("BETWEEN 0 AND", "BETWIXT 0 AND"))

        failed = site.mercato("db", "upgrade")

        assert failed.exit_code == 2
        assert "error[K305] mercato-notes 1.0 ('notes')" in failed.stderr
        assert "statement: CREATE TABLE notes_note" in failed.stderr
        assert "applied before and kept: kit 0001" in failed.stderr

    def test_upgrade_of_what_does_not_fit(self, site):
        """All faults are reported, and no table is created."""
        site.choose("notes", "nots", more="[features.notes.settings]\ncolour = 1\n")

        refused = site.mercato("db", "upgrade")

        assert refused.exit_code == 2
        assert "'colour'" in refused.stderr
        assert "error[K101]" in refused.stderr
        assert not (site.folder / "shop.db").exists()

    def test_upgrade_of_an_unsafe_production(self, site):
        """A fault of production settings prevents migrations although all features load."""
        site.choose("notes", environment="production", more="[server]\nworkers = 2\n")
        key = {"MERCATO_SECRET_KEY": "7Jq2-wvT0bXe9LrKc4MzYd1Hn8PsUaGf5Ro3"}

        refused = CliRunner().invoke(
            mercato, [f"--deployment={site.file}", "db", "upgrade"], env=key
        )

        assert refused.exit_code == 2
        assert "error[K312]" in refused.stderr
        assert "error[K201]" in refused.stderr
        assert not (site.folder / "shop.db").exists()

    def test_upgrade_without_a_database(self, site):
        """A database that cannot be reached is a fault with its address."""
        site.url = f"sqlite:///{site.folder}/nowhere/shop.db"
        site.choose("notes")

        refused = site.mercato("db", "upgrade")

        assert (refused.exit_code, "error[K207]" in refused.stderr) == (2, True)

    def test_check(self, site):
        """`db check` shows each revision; the exit code is 2 while migrations are pending."""
        before = site.mercato("db", "check")
        site.mercato("db", "upgrade")
        after = site.mercato("db", "check")

        assert (before.exit_code, "K302" in before.stderr) == (2, True)
        assert (after.exit_code, after.stdout) == (0, f"kit {KIT[-1]}\nnotes 0002\n")

    def test_revision(self, site):
        """The new migration is numbered, in the feature's folder, with only its tables."""
        (site.folder / "migrations").unlink()

        written = site.mercato("db", "revision", "notes", "-m", "Add notes")

        file = site.folder / "migrations/versions/0001_add_notes.py"
        assert written.stdout == f"{file}\n"
        assert "kit_" not in file.read_text()
        assert site.mercato("db", "upgrade").exit_code == 0
        again = site.mercato("db", "revision", "notes", "-m", "nothing")
        assert again.stdout.startswith("Nothing to write")

    def test_revision_of_an_unknown_feature(self, site):
        """An unknown feature is refused with the list of known ones."""
        refused = site.mercato("db", "revision", "nots", "-m", "x")

        assert (refused.exit_code, "Features with migrations: notes" in refused.stderr) == (
            64,
            True,
        )


class TestRoutes:
    def test_lists_rule_method_and_policy(self, site):
        """`routes` shows rule, method and policy of each feature's routes."""
        lines = [line.split() for line in site.mercato("routes").stdout.splitlines()]

        assert lines[1:] == [
            ["/v1/notes", "GET", "anyone", "notes"],
            ["/v1/notes", "POST", "notes.write", "notes"],
            ["/v1/notes/<uuid:note_id>", "GET", "anyone", "notes"],
        ]

    def test_prints_json(self, site):
        """`routes --json` has an object for each route."""
        document = json.loads(site.mercato("routes", "--json").stdout)

        first = {"route": "/v1/notes", "method": "GET", "allow": "anyone", "feature": "notes"}
        assert (document["command"], document["routes"][0]) == ("routes", first)


class TestSeed:
    def test_makes_sample_data_once(self, migrated):
        """Features add sample data once, and print what exists."""
        first, second = migrated.mercato("seed"), migrated.mercato("seed")

        assert (first.stdout, second.stdout) == ("notes: one note\n", "")
        assert migrated.texts() == ["sample"]

    def test_is_refused_in_production(self, migrated):
        """Sample data has known passwords: never in production."""
        migrated.choose("notes", environment="production")

        refused = migrated.mercato("seed")

        assert (refused.exit_code, migrated.texts()) == (2, [])

    def test_needs_the_tables(self, site):
        """`seed` fails before the tables are created."""
        refused = site.mercato("seed")

        assert (refused.exit_code, "K302" in refused.stderr) == (2, True)


class TestFeatureCommands:
    def test_run_in_a_unit_of_work(self, migrated):
        """The changes of a feature's command are committed."""
        done = migrated.mercato("notes", "add", "hello")

        assert (done.exit_code, done.stdout) == (0, "added hello\n")
        assert migrated.texts() == ["hello"]

    def test_roll_back_what_fails(self, migrated):
        """The changes of a command that fails are rolled back."""
        failed = migrated.mercato("notes", "add", "crash")

        assert (failed.exit_code, migrated.texts()) == (1, [])

    def test_print_refusals(self, migrated):
        """A problem is printed as one line with its code, without a traceback."""
        refused = migrated.mercato("notes", "add", "regret")

        assert (refused.exit_code, refused.stderr) == (
            1,
            "refused (broken_note): on second thoughts\n",
        )

    def test_of_a_feature_that_is_not_named(self, site):
        """The name of a feature that is not enabled is an unknown command."""
        site.choose()

        unknown = site.mercato("notes", "add", "x")

        assert (unknown.exit_code, "No such command 'notes'" in unknown.stderr) == (64, True)

    def test_of_a_feature_that_does_not_load(self, site):
        """If the feature cannot be loaded, the faults of the deployment are printed."""
        (module,) = site.folder.glob("mercato_notes_*.py")
        module.write_text("raise RuntimeError('broken wheel')")

        refused = site.mercato("notes", "add", "x")

        assert (refused.exit_code, "error[K103]" in refused.stderr) == (2, True)
