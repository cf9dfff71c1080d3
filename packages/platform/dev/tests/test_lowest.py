"""``nox -s lowest`` fails when a floor is not true."""

import shutil

import pytest

from mercato_dev.wheel_writer import write_wheel

from .orchard import run_session, write_distribution

SEEDS = "mercato-orchard-seeds"


@pytest.fixture
def seeds(tmp_path, monkeypatch):
    """Publish two versions of a library; the second one can do more."""
    folder = tmp_path / "published"
    folder.mkdir()
    write_wheel(folder, SEEDS, "1.0", {"mercato_orchard_seeds.py": "old = 1\n"})
    write_wheel(folder, SEEDS, "2.0", {"mercato_orchard_seeds.py": "old = new = 2\n"})
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))


@pytest.mark.usefixtures("seeds")
class TestLowest:
    def test_tests_with_the_floors(self, orchard):
        """What is enough at its floor passes, and the floor is what was installed."""
        code = "import mercato_orchard_seeds\nassert mercato_orchard_seeds.old == 1"
        write_distribution(orchard, "apples", code=code, needs=f'["{SEEDS}>=1"]')

        passed = run_session(orchard, "lowest(apples)")

        assert passed.returncode == 0, passed.stdout + passed.stderr
        assert "1 passed" in passed.stdout

    def test_fails_on_a_floor_that_is_too_low(self, orchard):
        """Code that needs the second version declares the first, and is tested with that."""
        code = "from mercato_orchard_seeds import new"
        write_distribution(orchard, "apples", code=code, needs=f'["{SEEDS}>=1"]')

        newest = run_session(orchard, "tests(apples)")
        lowest = run_session(orchard, "lowest(apples)")

        assert newest.returncode == 0, newest.stdout + newest.stderr
        assert lowest.returncode != 0
        assert "cannot import name 'new'" in lowest.stdout

    def test_fails_on_a_floor_that_is_no_version(self, orchard):
        """A floor below the lowest version that there is was never tested."""
        write_distribution(orchard, "apples", needs=f'["{SEEDS}>=1.5"]')

        failed = run_session(orchard, "lowest(apples)")

        assert failed.returncode != 0
        assert f"{SEEDS}>=1.5 is not true: the lowest that fits is 2.0" in failed.stderr

    @pytest.mark.parametrize("requirement", [SEEDS, f"{SEEDS}<3"])
    def test_fails_on_a_requirement_without_a_floor(self, orchard, requirement):
        """A requirement that any version meets promises too much."""
        write_distribution(orchard, "apples", needs=f'["{requirement}"]')

        failed = run_session(orchard, "lowest(apples)")

        assert failed.returncode != 0
        assert f"{requirement} has no floor" in failed.stderr

    def test_takes_the_new_floor_after_the_old(self, orchard):
        """The resolution of the last time does not hold when a floor is raised or lowered."""
        code = "import mercato_orchard_seeds\nassert mercato_orchard_seeds.old == 1"
        write_distribution(orchard, "apples", code=code, needs=f'["{SEEDS}>=2"]')
        high = run_session(orchard, "lowest(apples)")
        write_distribution(orchard, "apples", code=code, needs=f'["{SEEDS}>=1"]')

        low = run_session(orchard, "lowest(apples)")

        assert high.returncode != 0
        assert low.returncode == 0, low.stdout + low.stderr

    def test_fails_when_what_is_installed_is_not_what_was_resolved(self, orchard):
        """An environment that somebody changed since proves nothing."""
        write_distribution(orchard, "apples", needs=f'["{SEEDS}>=1"]')
        before = run_session(orchard, "lowest(apples)")
        (gone,) = orchard.glob(f".nox/*/lowest-apples/**/{SEEDS.replace('-', '_')}-1.0.dist-info")
        shutil.rmtree(gone)

        after = run_session(orchard, "lowest(apples)")

        assert before.returncode == 0, before.stdout + before.stderr
        assert after.returncode != 0
        assert f"or the reverse:\n  {SEEDS}==1.0\n" in after.stderr
