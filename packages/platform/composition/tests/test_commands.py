from pathlib import Path

import pytest
from click.testing import CliRunner

from mercato_composition.commands import Operation
from mercato_composition.commands.frame import mercato
from mercato_testing.samples import notes
from mercato_testing.samples.documents import read_document

from .sites import KIT, SAFE, document


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

        found = document(checked)
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

        found = document(site.mercato("check", "--json"))

        assert found["errors"] + found["warnings"] == len(found["faults"])
        assert found["deployment"]["file"] == "deployment.toml"

    def test_is_a_document_without_a_file(self, site):
        """A file that is absent is a fault (K100) in the document."""
        site.file.unlink()

        found = document(site.mercato("check", "--json"))

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
        found = read_document(site.mercato("routes", "--json").stdout, "mercato_runtime")

        first = {"route": "/v1/notes", "method": "GET", "allow": "anyone", "feature": "notes"}
        assert (found["command"], found["routes"][0]) == ("routes", first)


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
