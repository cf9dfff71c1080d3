"""Edits that set, remove or rename one value of a deployment file, and nothing else."""

import subprocess
import tomllib

import pytest

from mercato_composition.deployment import edits
from mercato_composition.deployment.file import load
from mercato_composition.faults import Command, Edit, Outside, Variable

FILE = """\
environment = "testing" # ours
[server]
  port = "abc"   # the port
hosts = [
  "a",
]
[features.userz]
[features.userz.settings]
colour = "red"
[features.orders]
[database]
url = { a = 1 }
"""


@pytest.fixture
def source(tmp_path):
    """A deployment file, and a variable that overrides a value."""
    file = tmp_path / "shop.toml"
    file.write_text(FILE)
    return load(file, {"MERCATO_SERVER__WORKERS": "many"})


def after(edit):
    """Return what the file says after an edit."""
    return tomllib.loads(edit.apply(FILE))


class TestSet:
    @pytest.mark.parametrize(
        ("path", "value", "lines", "line"),
        [
            (("server", "port"), 8000, ("port = 8000   # the port",), 3),
            (("server", "hosts"), ["b"], ('hosts = ["b"]',), 4),
            (("environment",), "production", ('environment = "production" # ours',), 1),
            (("server", "threads"), 3, ("threads = 3",), 2),
            (("secret_key",), "<key>", ('secret_key = "<key>"',), 1),
            (("features", "orders", "mount"), "/x", ('mount = "/x"',), 10),
            (("capabilities", "catalog"), "a", ("[capabilities]", 'catalog = "a"'), 0),
            (("features", "products"), {}, ("[features.products]",), 0),
            (("accept", "users.mail"), "<why>", ("[accept]", '"users.mail" = "<why>"'), 0),
        ],
    )
    def test_changes_that_value_alone(self, source, path, value, lines, line):
        """The line of the value, one below the header of its table, or a new table at the end."""
        edit = edits.set_value(source, path, value)

        wanted = tomllib.loads(FILE)
        place = wanted
        for part in path[:-1]:
            place = place.setdefault(part, {})
        place[path[-1]] = value
        assert isinstance(edit, Edit)
        assert (edit.lines, edit.line, after(edit)) == (lines, line, wanted)

    def test_sets_the_variable_that_it_is_from(self, source):
        """A value of the environment is corrected there."""
        fix = edits.set_value(source, ("server", "workers"), 3)

        assert fix == Variable("MERCATO_SERVER__WORKERS", "3")

    def test_says_what_no_edit_does(self, source):
        """A value in an inline table is not edited: the line has others, too."""
        fix = edits.set_value(source, ("database", "url", "a"), 2)

        assert fix == Outside("write a = 2 in [database.url] of shop.toml")


class TestRemove:
    def test_all_lines_of_a_value(self, source):
        """A value of several lines goes with all of them."""
        edit = edits.remove(source, ("server", "hosts"))

        assert (edit.line, edit.last, "hosts" in after(edit)["server"]) == (4, 6, False)

    def test_a_table_with_those_in_it(self, source):
        """A feature goes with its settings."""
        assert after(edits.remove(source, ("features", "userz")))["features"] == {"orders": {}}

    def test_unsets_a_variable(self, source):
        """A value of the environment is unset."""
        fix = edits.remove(source, ("server", "workers"))

        assert fix == Variable("MERCATO_SERVER__WORKERS", None)


class TestRename:
    def test_a_header(self, source):
        """A header is written anew."""
        edit = edits.rename(source, ("features", "orders"), "order")

        assert (edit.line, edit.lines) == (10, ("[features.order]",))

    @pytest.mark.parametrize(
        ("path", "name", "wanted"),
        [
            (("features", "userz"), "users", FILE.replace("userz", "users")),
            (("server", "port"), "prt", FILE.replace("port = ", "prt = ")),
        ],
    )
    def test_without_showing_a_value(self, source, path, name, wanted):
        """Of a key, and of several headers, the command has the names only."""
        fix = edits.rename(source, path, name)

        subprocess.run(["/bin/sh", "-c", fix.text], check=True)

        assert isinstance(fix, Command)
        assert source.file.read_text() == wanted

    def test_a_variable(self, source):
        """A variable is exported under the right name, and the wrong one unset."""
        fix = edits.rename(source, ("server", "workers"), "threads")

        assert fix.text == (
            'export MERCATO_SERVER__THREADS="$MERCATO_SERVER__WORKERS"'
            " && unset MERCATO_SERVER__WORKERS"
        )
