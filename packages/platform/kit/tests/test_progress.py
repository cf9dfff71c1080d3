"""Lines and amounts of what a command does."""

import os
from contextlib import redirect_stderr, suppress

from mercato_kit.progress import Progress


class Clock:
    """A clock that is set by hand."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        """Return the seconds."""
        return self.now


class TestProgress:
    def test_is_quiet_at_first(self, capsys):
        """What takes less than two seconds shows no amounts."""
        clock = Clock()

        with Progress("plain", clock=clock).amounts("fetching", 100, "bytes") as advance:
            clock.now = 1.9
            advance(100)

        assert capsys.readouterr().err == ""

    def test_has_a_line_every_two_seconds(self, capsys):
        """Lines are on standard error, with bytes in MB, or with a number of packages."""
        clock = Clock()
        progress = Progress("plain", clock=clock)

        with progress.amounts("fetching", 38_000_000, "bytes") as advance:
            for clock.now in (1.0, 2.5, 3.0, 5.0):
                advance(1_000_000)
        with progress.amounts("reading wheels", 46, "packages") as advance:
            clock.now = 9.0
            advance(7)

        assert capsys.readouterr().err.splitlines() == [
            "fetching: 2.0 of 38.0 MB",
            "fetching: 4.0 of 38.0 MB",
            "reading wheels: 7 of 46 packages",
        ]

    def test_draws_a_bar_on_a_terminal(self):
        """A terminal has a bar with the amount, which a line of a step does not break."""
        clock = Clock()
        reading, writing = os.openpty()

        with os.fdopen(writing, "w") as terminal, redirect_stderr(terminal):
            progress = Progress(err=True, clock=clock)
            with progress.amounts("upgrading", 4, "steps") as advance:
                clock.now = 2.5
                advance(1)
                progress.line("users 0001")
                advance(1)
        drawn = read_all(reading)

        before, _, after = drawn.partition("\x1b[Kusers 0001\r\n")
        assert "1 of 4 steps" in before
        assert "2 of 4 steps" in after

    def test_has_no_amounts_where_no_terminal_is(self, capsys):
        """A log has the steps, and no bar."""
        clock = Clock()

        with Progress(clock=clock).amounts("fetching", 100, "bytes") as advance:
            clock.now = 3.0
            advance(50)

        assert capsys.readouterr().err == ""

    def test_may_be_off(self, capsys):
        """`--progress none` shows neither steps nor amounts."""
        clock = Clock()
        progress = Progress("none", clock=clock)

        progress.line("resolving")
        with progress.amounts("fetching", 100, "bytes") as advance:
            clock.now = 3.0
            advance(1)

        assert capsys.readouterr() == ("", "")

    def test_leaves_standard_output_to_a_document(self, capsys):
        """With `--json` the steps are on standard error."""
        Progress("plain", err=True).line("resolving")

        assert capsys.readouterr() == ("", "resolving\n")


def read_all(terminal):
    """Return what was written to a terminal whose other end is closed."""
    parts = []
    with suppress(OSError), os.fdopen(terminal, "rb", buffering=0) as open_end:
        # At the end, Linux raises EIO.
        while part := open_end.read(10_000):
            parts.append(part)
    return b"".join(parts).decode()
