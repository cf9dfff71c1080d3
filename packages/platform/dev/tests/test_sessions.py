"""The commands of the workspace fail when they should."""

import shutil
from collections.abc import Callable, Iterator

import pytest

from mercato_dev.distributions import DISTRIBUTIONS, find_distributions

from .orchard import ROOT, copy_settings, run_session, write_distribution


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Offer a copy of all our sources."""
    root = tmp_path_factory.mktemp("sources")
    copy_settings(root)
    for item in DISTRIBUTIONS:
        folder = root / item.folder.relative_to(ROOT)
        shutil.copytree(item.source, folder / "src", dirs_exist_ok=True)
        shutil.copy(item.pyproject, folder)
    return root


def package_in(sources, package):
    """Find the folder of an import package."""
    (found,) = [one for one in find_distributions(sources) if one.module == package]
    return found.source / package


@pytest.fixture
def plant(sources) -> Iterator[Callable[[str, str], None]]:
    """Offer a function that adds a module with one import; the module goes after the test."""
    planted = []

    def add(package: str, imported: str) -> None:
        found = package_in(sources, package)
        planted.append(found / "planted.py")
        planted[-1].write_text(f'"""Planted by a test."""\n\nimport {imported}\n')

    yield add
    for module in planted:
        module.unlink()


@pytest.fixture
def plant_ring(sources) -> Iterator[Callable[[str], None]]:
    """Offer a function that adds two modules that import each other; they go after the test."""
    planted = []

    def add(package: str) -> None:
        found = package_in(sources, package)
        for name, other in (("heads", "tails"), ("tails", "heads")):
            planted.append(found / f"{name}.py")
            planted[-1].write_text(f"def toss():\n    import {package}.{other}\n")

    yield add
    for module in planted:
        module.unlink()


class TestTests:
    def test_finds_a_distribution_by_its_folder(self, orchard):
        """A folder under packages is tested, though nothing lists it."""
        passed = run_session(orchard, "tests(apples)")

        assert passed.returncode == 0, passed.stdout + passed.stderr
        assert "1 passed" in passed.stdout

    def test_fails_on_an_undeclared_import_of_a_sibling(self, orchard):
        """What a distribution does not declare is not there when it is tested."""
        write_distribution(orchard, "apples", code="import mercato_pears")

        failed = run_session(orchard, "tests(apples)")

        assert failed.returncode != 0
        assert "No module named 'mercato_pears'" in failed.stdout

    def test_takes_away_a_sibling_that_is_no_longer_declared(self, orchard):
        """A requirement that is dropped leaves an environment that is used again."""
        code = "import mercato_pears"
        write_distribution(orchard, "apples", code=code, needs='["mercato-pears>=0.1"]')
        declared = run_session(orchard, "tests(apples)")
        write_distribution(orchard, "apples", code=code)

        dropped = run_session(orchard, "tests(apples)")

        assert declared.returncode == 0, declared.stdout + declared.stderr
        assert "No module named 'mercato_pears'" in dropped.stdout

    def test_takes_the_sources_as_they_are(self, orchard):
        """A change that keeps the version is tested all the same."""
        before = run_session(orchard, "tests(apples)")
        write_distribution(orchard, "apples", code='raise RuntimeError("rotten")')

        after = run_session(orchard, "tests(apples)")

        assert (before.returncode, after.returncode) == (0, 1)
        assert "rotten" in after.stdout

    def test_refuses_a_sibling_out_of_range(self, orchard):
        """A ceiling that the sibling in the repository has outgrown is an error."""
        write_distribution(orchard, "apples", needs='["mercato-pears<0.1"]')

        failed = run_session(orchard, "tests(apples)")

        assert failed.returncode != 0
        assert "mercato-pears<0.1" in failed.stdout + failed.stderr


class TestBoundaries:
    def test_pass_as_the_sources_are(self, sources):
        """Nothing that is committed crosses a boundary."""
        passed = run_session(sources, "boundaries")

        assert passed.returncode == 0, passed.stdout + passed.stderr
        assert "0 broken" in passed.stdout

    @pytest.mark.parametrize(
        ("package", "imported"),
        [
            ("mercato_orders", "mercato_users"),
            ("mercato_products", "mercato_host"),
            ("mercato_host", "mercato_products"),
            ("mercato_host", "mercato_contracts"),
            ("mercato_kit", "mercato_contracts"),
            ("mercato_contracts", "mercato_kit"),
        ],
    )
    def test_fail_on_a_planted_import(self, sources, plant, package, imported):
        """An import that crosses a boundary is named, with its place."""
        plant(package, imported)

        failed = run_session(sources, "boundaries")

        assert failed.returncode != 0
        assert f"{package}.planted -> {imported}" in failed.stdout

    def test_fail_on_a_planted_ring(self, sources, plant_ring):
        """Two modules of one package that import each other are named, also inside a function."""
        plant_ring("mercato_kit")

        failed = run_session(sources, "boundaries")

        assert failed.returncode != 0
        assert "No cycles are allowed in mercato_kit" in failed.stdout
