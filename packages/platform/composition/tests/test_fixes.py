"""Fixes: what is printed, and what an edit makes of a file."""

import shlex
import sys

import click
import pytest

from mercato_composition.deployment import edits
from mercato_composition.deployment.file import load
from mercato_composition.faults import Command, Edit, Variable, mercato
from mercato_composition.faults.caller import beginning

FILE = "one\ntwo\nthree\n"


class TestEdit:
    @pytest.mark.parametrize(
        ("edit", "text", "after"),
        [
            (
                Edit("shop.toml", "end", ("[x]", "y = 1")),
                "shop.toml, at the end:\n    [x]\n    y = 1",
                "one\ntwo\nthree\n[x]\ny = 1\n",
            ),
            (
                Edit("shop.toml", "after", ("new",), 1),
                "shop.toml:1, after this line:\n    new",
                "one\nnew\ntwo\nthree\n",
            ),
            (
                Edit("shop.toml", "instead", ("new",), 2),
                "shop.toml:2, instead of this line:\n    new",
                "one\nnew\nthree\n",
            ),
            (
                Edit("shop.toml", "instead", ("new",), 2, 3),
                "shop.toml:2, instead of these lines, to line 3:\n    new",
                "one\nnew\n",
            ),
            (Edit("shop.toml", "remove", (), 3), "shop.toml:3, remove this line", "one\ntwo\n"),
        ],
    )
    def test_says_and_does_one_thing(self, edit, text, after):
        """The text names the lines that are added, replaced or removed."""
        assert (edit.text, edit.apply(FILE)) == (text, after)

    @pytest.mark.parametrize(
        ("before", "after"),
        [("", "new\n"), ("one", "one\nnew\n"), ("one\r\n", "one\r\nnew\r\n")],
    )
    def test_keeps_the_ends_of_lines(self, before, after):
        """A file without a final end of line gets one; one of Windows keeps its own."""
        assert Edit("shop.toml", "end", ("new",)).apply(before) == after


class TestCommand:
    def test_is_a_line_for_a_shell(self):
        """Arguments are quoted, and commands joined so that the first failure ends them."""
        line = Command((("mkdir", "-p", "a b"), ("ls", "a b")), into="c d").text

        assert line == "mkdir -p 'a b' && ls 'a b' > 'c d'"

    def test_is_begun_like_the_running_one(self, monkeypatch):
        """A command of ours starts with the program and the file that the operator typed."""
        monkeypatch.setattr(sys, "argv", ["shop/bin/mercato", "check"])
        command = click.Command("mercato", params=[click.Option(["--deployment"])])

        with command.make_context("mercato", ["--deployment", "my shop.toml"]):
            line = mercato("lock", then=("install",)).text

        begun = "shop/bin/mercato --deployment 'my shop.toml'"
        assert line == f"{begun} lock && {begun} install"

    def test_of_a_module(self, monkeypatch):
        """Where the command was begun as a module, so are those in messages."""
        monkeypatch.setattr(sys, "argv", ["/somewhere/mercato_composition/__main__.py", "check"])

        with click.Command("mercato").make_context("mercato", []):
            begun = beginning()

        assert shlex.join(begun) == f"{sys.executable} -m mercato_composition"

    def test_of_a_server(self):
        """Outside of a command, it is the plain name."""
        assert mercato("lock").text == "mercato lock"


class TestVariable:
    @pytest.mark.parametrize(
        ("variable", "text"),
        [
            (Variable("MERCATO_X", "$PWD/x"), "export MERCATO_X=$PWD/x"),
            (Variable("MERCATO_X", None), "unset MERCATO_X"),
            (Variable("X", "1", before="touch x"), "touch x && export X=1"),
        ],
    )
    def test_is_a_line_for_a_shell(self, variable, text):
        """It is exported, or unset."""
        assert variable.text == text

    def test_quotes_its_value(self, tmp_path):
        """A value that a variable is to have reaches the shell as it is."""
        (tmp_path / "shop.toml").write_text("")
        source = load(tmp_path / "shop.toml", {"MERCATO_SERVER__HOST": "x"})

        fix = edits.set_value(source, ("server", "host"), "a'b $(id)")

        assert shlex.split(fix.text) == ["export", "MERCATO_SERVER__HOST=a'b $(id)"]
