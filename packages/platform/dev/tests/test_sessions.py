"""The sessions ``tests`` and ``boundaries`` fail when they should."""

import shutil
from contextlib import contextmanager

import pytest

from mercato_dev.distributions import DISTRIBUTIONS, find_distributions

from .orchard import ROOT, copy_settings, run_session, write_distribution


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Return a copy of all our sources."""
    root = tmp_path_factory.mktemp("sources")
    copy_settings(root)
    for item in DISTRIBUTIONS:
        folder = root / item.folder.relative_to(ROOT)
        shutil.copytree(item.source, folder / "src", dirs_exist_ok=True)
        shutil.copy(item.pyproject, folder)
    return root


def package_in(sources, package):
    """Return the folder of an import package."""
    (found,) = [one for one in find_distributions(sources) if one.module == package]
    return found.source / package


class TestTests:
    def test_finds_a_distribution_by_its_folder(self, orchard):
        """A folder in packages is tested without any registration."""
        passed = run_session(orchard, "tests(apples)")

        assert passed.returncode == 0, passed.stdout + passed.stderr
        assert "1 passed" in passed.stdout

    def test_fails_on_an_undeclared_import_of_a_sibling(self, orchard):
        """A distribution that is not declared cannot be imported in the tests."""
        write_distribution(orchard, "apples", code="import mercato_pears")

        failed = run_session(orchard, "tests(apples)")

        assert failed.returncode != 0
        assert "No module named 'mercato_pears'" in failed.stdout

    def test_takes_away_a_sibling_that_is_no_longer_declared(self, orchard):
        """A requirement that is removed is uninstalled from a reused environment."""
        code = "import mercato_pears"
        write_distribution(orchard, "apples", code=code, needs='["mercato-pears>=0.1"]')
        declared = run_session(orchard, "tests(apples)")
        write_distribution(orchard, "apples", code=code)

        dropped = run_session(orchard, "tests(apples)")

        assert declared.returncode == 0, declared.stdout + declared.stderr
        assert "No module named 'mercato_pears'" in dropped.stdout

    def test_takes_the_sources_as_they_are(self, orchard):
        """A change without a new version is tested."""
        before = run_session(orchard, "tests(apples)")
        write_distribution(orchard, "apples", code='raise RuntimeError("rotten")')

        after = run_session(orchard, "tests(apples)")

        assert (before.returncode, after.returncode) == (0, 1)
        assert "rotten" in after.stdout

    def test_refuses_a_sibling_out_of_range(self, orchard):
        """A range that excludes the distribution in this repository is an error."""
        write_distribution(orchard, "apples", needs='["mercato-pears<0.1"]')

        failed = run_session(orchard, "tests(apples)")

        assert failed.returncode != 0
        assert "mercato-pears<0.1" in failed.stdout + failed.stderr


CROSSING = {
    "mercato_orders": ["mercato_users"],
    "mercato_products": ["mercato_host"],
    "mercato_host": ["mercato_products", "mercato_contracts"],
    "mercato_kit": ["mercato_contracts"],
    "mercato_contracts": ["mercato_kit"],
}


class TestBoundaries:
    def test_pass_as_the_sources_are(self, sources):
        """No committed import crosses a boundary."""
        passed = run_session(sources, "boundaries")

        assert passed.returncode == 0, passed.stdout + passed.stderr
        assert "0 broken" in passed.stdout

    def test_fail_on_forbidden_imports_and_cycles(self, sources):
        """Forbidden imports are listed with their module, and so are cycles, even in functions."""
        with planted(sources):
            failed = run_session(sources, "boundaries")

        assert failed.returncode != 0
        for package, imported in CROSSING.items():
            for one in imported:
                assert f"{package}.planted -> {one}" in failed.stdout
        assert "No cycles are allowed in mercato_kit" in failed.stdout


@contextmanager
def planted(sources):
    """Add modules with forbidden imports, and a cycle of two modules, during the block."""
    files = {
        package_in(sources, package) / "planted.py": "".join(f"import {one}\n" for one in imported)
        for package, imported in CROSSING.items()
    }
    for name, other in (("heads", "tails"), ("tails", "heads")):
        code = f"def toss():\n    import mercato_kit.{other}\n"
        files[package_in(sources, "mercato_kit") / f"{name}.py"] = code
    for file, code in files.items():
        file.write_text(code)
    yield
    for file in files:
        file.unlink()
