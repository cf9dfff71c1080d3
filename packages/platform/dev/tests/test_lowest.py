"""``nox -s lowest`` fails if a declared lowest version does not work."""

import shutil
import tempfile
from pathlib import Path

import pytest

from mercato_dev.distributions import Distribution
from mercato_dev.floors import missing_floors
from mercato_dev.wheel_writer import write_wheel

from .orchard import run_session, write_distribution

SEEDS = "mercato-orchard-seeds"


@pytest.fixture
def seeds(monkeypatch):
    """Publish two versions of a library; the second has a new name."""
    # uv caches a wheel by its path, also if the file changes: the folder has a random name.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_wheel(folder, SEEDS, "1.0", {"mercato_orchard_seeds.py": "old = 1\n"})
        write_wheel(folder, SEEDS, "2.0", {"mercato_orchard_seeds.py": "old = new = 2\n"})
        monkeypatch.setenv("UV_FIND_LINKS", name)
        yield


@pytest.mark.usefixtures("seeds")
class TestLowest:
    def test_tests_with_the_floors(self, orchard):
        """The tests run with the floors."""
        code = "import mercato_orchard_seeds\nassert mercato_orchard_seeds.old == 1"
        write_distribution(orchard, "apples", code=code, needs=f'["{SEEDS}>=1"]')

        passed = run_session(orchard, "lowest(apples)")

        assert passed.returncode == 0, passed.stdout + passed.stderr
        assert "1 passed" in passed.stdout

    def test_fails_on_a_floor_that_is_too_low(self, orchard):
        """Code that needs a newer version than its floor fails."""
        code = "from mercato_orchard_seeds import new"
        write_distribution(orchard, "apples", code=code, needs=f'["{SEEDS}>=1"]')

        newest = run_session(orchard, "tests(apples)")
        lowest = run_session(orchard, "lowest(apples)")

        assert newest.returncode == 0, newest.stdout + newest.stderr
        assert lowest.returncode != 0
        assert "cannot import name 'new'" in lowest.stdout

    def test_fails_on_a_floor_that_is_no_version(self, orchard):
        """A floor below the lowest existing version is refused."""
        write_distribution(orchard, "apples", needs=f'["{SEEDS}>=1.5"]')

        failed = run_session(orchard, "lowest(apples)")

        assert failed.returncode != 0
        assert f"{SEEDS}>=1.5 is not true: the lowest that fits is 2.0" in failed.stderr

    def test_takes_the_new_floor_after_the_old(self, orchard):
        """A changed floor is resolved again."""
        code = "import mercato_orchard_seeds\nassert mercato_orchard_seeds.old == 1"
        write_distribution(orchard, "apples", code=code, needs=f'["{SEEDS}>=2"]')
        high = run_session(orchard, "lowest(apples)")
        write_distribution(orchard, "apples", code=code, needs=f'["{SEEDS}>=1"]')

        low = run_session(orchard, "lowest(apples)")

        assert high.returncode != 0
        assert low.returncode == 0, low.stdout + low.stderr

    def test_fails_when_what_is_installed_is_not_what_was_resolved(self, orchard):
        """An environment that was changed after its installation is refused."""
        write_distribution(orchard, "apples", needs=f'["{SEEDS}>=1"]')
        before = run_session(orchard, "lowest(apples)")
        (gone,) = orchard.glob(f".nox/*/lowest-apples/**/{SEEDS.replace('-', '_')}-1.0.dist-info")
        shutil.rmtree(gone)

        after = run_session(orchard, "lowest(apples)")

        assert before.returncode == 0, before.stdout + before.stderr
        assert after.returncode != 0
        assert f"or the reverse:\n  {SEEDS}==1.0\n" in after.stderr


class TestMissingFloors:
    @pytest.mark.parametrize("requirement", [SEEDS, f"{SEEDS}<3"])
    def test_name_a_requirement_without_a_floor(self, tmp_path, requirement):
        """A requirement that allows any old version is a fault."""
        write_distribution(tmp_path, "apples", needs=f'["{requirement}"]')

        faults = list(missing_floors(Distribution(tmp_path / "packages/apples")))

        assert faults == [f"{requirement} has no floor"]
