"""How faults are printed on a terminal, in a pipe and as JSON; and `mercato explain`."""

import json
import os
import pty
import subprocess
import sys

import pytest

from mercato_composition.faults.codes import codes

RED = "\x1b[31m"


@pytest.fixture
def misfit(tmp_path):
    """A deployment file with several faults."""
    file = tmp_path / "deployment.toml"
    file.write_text('environment = "testing"\n[server]\nprot = 1\nworkers = 0\n')
    return file


def mercato(*arguments, **options):
    """Run the command in a new process."""
    command = [sys.executable, "-m", "mercato_composition", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def on_a_terminal(*arguments, **environ):
    """Run the command on a pseudo-terminal, and return its output."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "mercato_composition", *map(str, arguments)],
        stdin=its,
        stdout=its,
        stderr=its,
        env={**os.environ, "TERM": "xterm", **environ},
    )
    os.close(its)
    seen = b""
    try:
        while chunk := os.read(ours, 65536):
            seen += chunk
    except OSError:
        # On Linux, reading from a terminal fails after its last writer has ended.
        pass
    os.close(ours)
    process.wait()
    return seen.decode()


class TestTelling:
    def test_in_colour_on_a_terminal(self, misfit):
        """A terminal shows codes in colour, the number of faults, and how to learn more."""
        seen = on_a_terminal("--deployment", misfit, "check", "--offline")

        assert f"{RED}\x1b[1merror[K202]" in seen
        assert "2 errors; `mercato explain K203` says more" in seen

    def test_without_colour_where_that_is_asked(self, misfit):
        """NO_COLOR turns colours off."""
        assert RED not in on_a_terminal("--deployment", misfit, "check", "--offline", NO_COLOR="1")

    def test_plain_in_a_pipe(self, misfit):
        """A pipe gets plain text, and the exit code is 2."""
        done = mercato("--deployment", misfit, "check", "--offline")

        assert done.returncode == 2
        assert "\x1b" not in done.stderr
        assert [line for line in done.stderr.splitlines() if not line.startswith(" ")] == [
            "error[K203] deployment.toml:3:1",
            "error[K202] deployment.toml:4:11",
        ]

    def test_to_machines(self, misfit):
        """--json prints the same faults in the same order."""
        done = mercato("--deployment", misfit, "check", "--offline", "--json")

        document = json.loads(done.stdout)
        assert done.returncode == 2
        assert document["fits"] is False
        assert [fault["key"] for fault in document["faults"]] == [
            "K203@server.prot",
            "K202@server.workers",
        ]
        assert document["faults"][0].keys() == {
            "key",
            "code",
            "severity",
            "title",
            "where",
            "place",
            "what",
            "fixes",
            "feature",
            "follows",
            "assumes",
            "accepted",
            "mark",
        }


class TestExplain:
    def test_the_long_form(self, tmp_path):
        """`explain` needs no deployment, and accepts lower case."""
        done = mercato("explain", "k108", cwd=tmp_path)

        assert done.returncode == 0
        assert done.stdout == f"K108: {codes()['K108'].title}\n\n{codes()['K108'].text}\n"

    def test_lists_all(self, tmp_path):
        """Without a code, `explain` lists each code with its title."""
        done = mercato("explain", cwd=tmp_path)

        assert done.stdout.splitlines() == [f"{one.code}  {one.title}" for one in codes().values()]

    def test_a_code_that_there_is_not(self, tmp_path):
        """An unknown code is refused with a similar one."""
        done = mercato("explain", "K1088", cwd=tmp_path)

        assert done.returncode == 64
        assert "there is no fault 'K1088'. Did you mean 'K108'?" in done.stderr
