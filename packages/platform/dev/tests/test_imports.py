"""``nox -s imports`` fails if a wheel imports what it does not declare."""

from .orchard import run_session, write_distribution

EXTRA = """
[project.optional-dependencies]
tasting = {needs}
"""


def add_module(root, path, code):
    """Add a module to apples."""
    file = root / "packages/apples/src/mercato_apples" / path
    file.parent.mkdir(parents=True)
    file.write_text(code)


def add_extra(root, needs):
    """Add the extra *tasting* to apples."""
    with (root / "packages/apples/pyproject.toml").open("a") as settings:
        settings.write(EXTRA.format(needs=needs))


class TestImports:
    def test_fails_on_a_test_tool_that_is_not_declared(self, orchard):
        """A test tool that is not declared cannot be imported, although the tests pass."""
        write_distribution(orchard, "apples", code="import pytest")

        tested = run_session(orchard, "tests(apples)")
        imported = run_session(orchard, "imports(apples)")

        assert tested.returncode == 0, tested.stdout + tested.stderr
        assert imported.returncode != 0
        assert "mercato_apples/__init__.py: No module named 'pytest'" in imported.stdout

    def test_fails_on_a_migration_that_cannot_be_imported(self, orchard):
        """Migrations are imported, too."""
        add_module(orchard, "migrations/versions/0001_initial.py", "import pytest\n")

        imported = run_session(orchard, "imports(apples)")

        assert imported.returncode != 0
        assert "0001_initial.py: No module named 'pytest'" in imported.stdout

    def test_fails_on_a_module_that_ends_the_program(self, orchard):
        """A module that exits fails the session, whatever its exit code."""
        add_module(orchard, "windfall/__init__.py", "raise SystemExit(0)\n")

        imported = run_session(orchard, "imports(apples)")

        assert imported.returncode != 0
        assert "mercato_apples/windfall/__init__.py: ends the program" in imported.stdout

    def test_imports_a_subpackage_of_an_extra_where_that_is_installed(self, orchard):
        """A subpackage with the name of an extra is imported only with that extra."""
        add_module(orchard, "tasting/__init__.py", "import pytest\n")
        add_extra(orchard, needs='["pytest>=9.2"]')

        plain = run_session(orchard, "imports(apples)")
        with_extra = run_session(orchard, "imports(apples+tasting)")

        assert plain.returncode == 0, plain.stdout + plain.stderr
        assert "mercato-apples: 1 imported" in plain.stdout
        assert with_extra.returncode == 0, with_extra.stdout + with_extra.stderr
        assert "mercato-apples: 2 imported" in with_extra.stdout

    def test_fails_on_an_extra_that_forgets_a_requirement(self, orchard):
        """An extra must declare what its subpackage imports."""
        add_module(orchard, "tasting/__init__.py", "import pytest\n")
        add_extra(orchard, needs="[]")

        imported = run_session(orchard, "imports(apples+tasting)")

        assert imported.returncode != 0
        assert "tasting/__init__.py: No module named 'pytest'" in imported.stdout
