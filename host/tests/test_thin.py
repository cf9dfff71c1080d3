"""The host stays small, so that it can be read and copied easily."""

from pathlib import Path

import mercato_host

MOST_LINES = 300


def lines_of(package):
    """Count the lines of Python in a package."""
    return sum(len(file.read_text().splitlines()) for file in Path(package).rglob("*.py"))


class TestHost:
    def test_is_thin(self):
        """The host has four files with at most 300 lines in total."""
        package = Path(mercato_host.__file__).parent

        assert {file.name for file in package.rglob("*.py")} == {
            "__init__.py",
            "app.py",
            "config.py",
            "extensions.py",
        }
        assert lines_of(package) <= MOST_LINES

    def test_a_line_too_many_is_counted(self, tmp_path):
        """A host of 301 lines is counted as such."""
        (tmp_path / "rooms").mkdir()
        (tmp_path / "__init__.py").write_text("x = 1\n" * MOST_LINES)
        (tmp_path / "rooms" / "more.py").write_text("x = 1\n")

        assert lines_of(tmp_path) == MOST_LINES + 1
