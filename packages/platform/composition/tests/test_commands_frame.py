"""What every command does alike: messages, help, exit codes, imports."""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from mercato_composition.commands.frame import mercato, printed_errors
from mercato_testing.samples.wheels import install


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

        with pytest.raises(click.ClickException) as printed, printed_errors():
            missing.read_bytes()

        assert printed.value.message == "/nowhere/x: No such file or directory"
        traced = click.Context(click.Command("x"))
        traced.params["trace"] = True
        with traced, pytest.raises(FileNotFoundError), printed_errors():
            missing.read_bytes()


class TestTrace:
    @pytest.mark.parametrize("arguments", [["--trace", "check"], ["check", "--trace"]])
    def test_before_or_behind_the_command(self, site, arguments):
        """--trace shows the error that a fault was found by."""
        install(site.folder, "lamps", "1 / 0", module=f"traced_{site.folder.name}")
        site.choose("lamps")

        shown = site.mercato(*arguments)

        assert (shown.exit_code, "ZeroDivisionError" in shown.stderr) == (2, True)

    def test_of_a_command_of_a_feature(self, migrated):
        """A feature's command has --trace, too."""
        shown = migrated.mercato("notes", "add", "regret", "--trace")

        assert (shown.exit_code, "BrokenNoteError" in shown.stderr) == (1, True)


class TestGroups:
    """A feature may have several groups of commands, each under a name of its own."""

    SOURCE = """
        import click
        from mercato_kit.feature import Feature

        lamps, bulbs = click.Group("lamps"), click.Group("light-bulbs", help="Change bulbs.")

        @bulbs.command("change")
        def change():
            '''Change one.'''
            click.echo("changed")

        feature = Feature(name="lamps", summary="Lamps.", cli=[lamps, bulbs])
    """

    def test_runs_each_by_its_name(self, site):
        """A group is found by its name, which may be another one than the feature's."""
        install(site.folder, "lamps", self.SOURCE, module=f"lamps_{site.folder.name}")
        site.choose("lamps")

        ran = site.mercato("light-bulbs", "change")

        assert (ran.exit_code, ran.stdout) == (0, "changed\n")

    def test_has_none_of_a_feature_that_is_not_enabled(self, site):
        """Commands of a feature that the file does not name are unknown."""
        install(site.folder, "lamps", self.SOURCE, module=f"off_{site.folder.name}")

        assert site.mercato("light-bulbs", "change").exit_code == 64


class TestCompletion:
    @pytest.mark.parametrize("shell", ["bash", "fish", "zsh"])
    def test_prints_the_script_of_a_shell(self, site, shell):
        """The script asks `mercato` itself what may follow."""
        printed = site.mercato("completion", shell)

        assert (printed.exit_code, "_MERCATO_COMPLETE" in printed.stdout) == (0, True)

    @pytest.mark.parametrize(
        ("words", "found"),
        [("gra", "graph"), ("no", "notes"), ("graph --sv", "--svg"), ("db up", "upgrade")],
    )
    def test_completes(self, site, words, found):
        """Commands, names of features and options are completed."""
        assert f"plain,{found}\n" in complete(site, words)

    def test_imports_no_feature(self, site):
        """Commands of a feature are not completed, since it would be imported."""
        site.folder.joinpath("notes.py").write_text("1 / 0")

        assert complete(site, "notes ").strip() == ""


def complete(site, words):
    """Return what bash is given for a line that begins with `mercato` and *words*."""
    given = {"_MERCATO_COMPLETE": "bash_complete", "COMP_WORDS": f"mercato {words}"}
    environ = {**given, "COMP_CWORD": str(len(words.split(" ")))}
    return CliRunner().invoke(mercato, [], prog_name="mercato", env=environ).stdout


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

    HEAVY = ("flask", "sqlalchemy", "marshmallow", "alembic", "msgspec", "packaging", "kit")

    @pytest.mark.parametrize(
        "arguments", [["--version"], ["--help"], ["explain", "K101"], ["completion", "zsh"]]
    )
    def test_click_alone(self, tmp_path, arguments):
        """--version, --help, explain and completion import click alone."""
        imported = self._imported(tmp_path, f"main({arguments})")

        assert imported.isdisjoint(self.HEAVY)

    @pytest.mark.parametrize("command", ["features", "releases"])
    def test_lists_of_packages(self, tmp_path, command):
        """What reads only names of packages imports neither Flask nor SQLAlchemy."""
        (tmp_path / "deployment.toml").write_text('environment = "testing"\n')

        imported = self._imported(tmp_path, f"main(['{command}'])")

        assert imported.isdisjoint({"flask", "sqlalchemy", "marshmallow", "alembic", "asyncio"})

    def test_tops_of_commands(self, tmp_path):
        """No module of a distribution's command imports a library but click at its top."""
        load = "[entry.load() for entry in entry_points(group='mercato.commands')]"

        assert self._imported(tmp_path, load).isdisjoint(self.HEAVY)

    def _imported(self, folder, code):
        program = (
            "import sys\n"
            "from contextlib import suppress\n"
            "from importlib.metadata import entry_points\n"
            "from mercato_composition.commands.frame import main\n"
            f"with suppress(SystemExit): {code}\n"
            "print(*sys.modules)"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True
        )
        names = set(done.stdout.splitlines()[-1].split())
        # The options that commands of features share need click alone.
        light = {"mercato_kit", "mercato_kit.progress"}
        return {
            "kit" if name.startswith("mercato_kit") else name.partition(".")[0]
            for name in names - light
        }
