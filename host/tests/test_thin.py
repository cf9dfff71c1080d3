"""The host stays small enough to be read in ten minutes, and copied."""

from pathlib import Path

import mercato_host

MOST_LINES = 300


def lines_of(package):
    """Count the lines of Python in a package."""
    return sum(len(file.read_text().splitlines()) for file in Path(package).rglob("*.py"))


class TestHost:
    def test_is_thin(self):
        """Four files, at most 300 lines together."""
        package = Path(mercato_host.__file__).parent

        assert {file.name for file in package.rglob("*.py")} == {
            "__init__.py",
            "app.py",
            "config.py",
            "extensions.py",
        }
        assert lines_of(package) <= MOST_LINES

    def test_a_line_too_many_is_counted(self, tmp_path):
        """The count sees a host of 301 lines."""
        (tmp_path / "rooms").mkdir()
        (tmp_path / "__init__.py").write_text("x = 1\n" * MOST_LINES)
        (tmp_path / "rooms" / "more.py").write_text("x = 1\n")

        assert lines_of(tmp_path) == MOST_LINES + 1
