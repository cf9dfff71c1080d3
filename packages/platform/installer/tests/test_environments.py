"""Lock, install and roll back a deployment with a real index and real wheels."""

import os
import re
import signal
from pathlib import Path

import pytest

from mercato_composition.deployment import lock as lockfile
from mercato_testing.samples.documents import read_document


class TestLock:
    @pytest.fixture
    def shop(self, small_shop):
        """The small index is enough: locking runs no code of the wheels."""
        return small_shop

    def test_writes_wheels_with_hashes(self, shop):
        """The lock has versions, hashes of wheels, and the package of each feature."""
        shop.offer(version="1.0")
        shop.offer(version="1.1")

        locked = shop.mercato("lock")

        lock = lockfile.read(shop.places.lock)
        (alpha,) = [wheel for wheel in lock.wheels() if wheel.name == "mercato-alpha"]
        assert "  + mercato-alpha 1.1\n" in locked.stdout
        assert (alpha.version, len(alpha.sha256)) == ("1.1", 64)
        assert lock.bindings["alpha"] == lockfile.Binding("mercato-alpha", "mercato_alpha")
        assert {"mercato-host", "mercato-kit", "flask"} <= lock.versions().keys()

    def test_takes_what_fits_the_kit(self, shop):
        """A newer release that needs another kit is not chosen."""
        shop.offer(version="1.0")
        shop.offer(version="2.0", requires=["mercato-kit>=99"])

        locked = shop.mercato("lock")

        assert (locked.exit_code, "+ mercato-alpha 1.0\n" in locked.stdout) == (0, True)

    def test_takes_the_range_of_the_file(self, shop):
        """`package` limits the versions that are chosen."""
        shop.choose("alpha", more='package = "mercato-alpha < 2"\n')
        shop.offer(version="1.5")
        shop.offer(version="2.0")

        locked = shop.mercato("lock")

        assert (locked.exit_code, "+ mercato-alpha 1.5\n" in locked.stdout) == (0, True)

    def test_prints_what_changes(self, shop):
        """A second lock prints what it changes; locking the same versions gives the same bytes."""
        shop.offer(version="1.0")
        shop.mercato("lock")
        first = shop.places.lock.read_bytes()
        again = shop.mercato("lock")
        same = shop.places.lock.read_bytes()
        shop.offer(version="1.1")

        newer = shop.mercato("lock")

        assert same == first
        assert "mercato-alpha 1.0" not in again.stdout
        assert "  mercato-alpha 1.0 -> 1.1\n" in newer.stdout

    def test_leaves_a_file_for_its_owner(self, shop):
        """The file that a process holds while it locks has the mode 0600 under any umask."""
        shop.offer()
        before = os.umask(0)
        try:
            shop.mercato("lock")
        finally:
            os.umask(before)

        assert shop.places.at_work.stat().st_mode & 0o777 == 0o600

    def test_needs_no_secret(self, shop):
        """A production can be locked on a machine without its secrets."""
        shop.choose("alpha", environment="production")
        shop.offer()

        assert shop.mercato("lock").exit_code == 0

    def test_of_several_files_in_one_folder(self, shop):
        """Each deployment file has its own lock."""
        shop.file = shop.file.rename(shop.folder / "staging.toml")
        shop.offer()

        shop.mercato("lock")

        assert [it.name for it in shop.folder.glob("*lock*")] == ["pylock.staging.toml"]

    @pytest.mark.provokes("K120")
    def test_reports_what_cannot_be_resolved(self, shop):
        """K120 has the output of uv; no lock is written."""
        refused = shop.mercato("lock")

        assert (refused.exit_code, "error[K120] deployment.toml" in refused.stderr) == (2, True)
        assert "mercato-alpha was not found" in refused.stderr
        assert not shop.places.lock.exists()

    @pytest.mark.provokes("K101")
    def test_a_package_must_offer_the_feature(self, shop):
        """K101 lists the features that the wheel offers."""
        shop.choose("alpha", more='package = "mercato-beta"\n')
        shop.offer("beta")

        refused = shop.mercato("lock")

        assert "error[K101] deployment.toml:8" in refused.stderr
        assert (
            "mercato-beta 1.0 offers no feature called 'alpha'. It offers: beta" in refused.stderr
        )


class TestInstall:
    def test_builds_an_environment_from_the_lock(self, shop):
        """It has exactly the packages of the lock, and the deployment fits in it."""
        shop.offer()
        shop.mercato("lock")

        installed = shop.mercato("install", "--json")

        document = read_document(installed.stdout, "mercato_installer")
        checked = shop.installed("check", "--offline")
        (name,) = shop.environments
        packages = next(shop.places.current.glob("lib/python*/site-packages"))
        found = {it.name.partition("-")[0] for it in packages.glob("*.dist-info")}
        locked = lockfile.read(shop.places.lock).versions()
        assert (
            checked.stdout
            == "deployment.toml fits: mercato-alpha 1.0 (the database was not checked)\n"
        )
        assert found == {it.replace("-", "_") for it in locked}
        assert shop.places.current.readlink().name == name
        assert Path(document["environment"]).name == name
        assert "mercato-alpha 1.0" in document["installed"]

    def test_the_environment_can_update_itself(self, shop):
        """The next release is locked and installed with the command of the first environment."""
        shop.offer(version="1.0")
        shop.mercato("lock")
        shop.mercato("install")
        shop.offer(version="1.1")

        locked = shop.installed("lock")
        installed = shop.installed("install")

        assert (locked.returncode, installed.returncode) == (0, 0), locked.stderr + installed.stderr
        assert "  mercato-alpha 1.0 -> 1.1\n" in locked.stdout
        assert "mercato-alpha 1.1" in shop.installed("check", "--offline").stdout

    @pytest.mark.provokes("K114")
    def test_needs_a_lock(self, shop):
        """Without a lock, K114 says to run `mercato lock`."""
        refused = shop.mercato("install")

        assert (refused.exit_code, "error[K114] pylock.toml" in refused.stderr) == (2, True)
        assert " lock\n" in refused.stderr

    @pytest.mark.provokes("K114")
    def test_needs_the_lock_of_this_file(self, shop):
        """K114: the deployment file names a feature that is not in the lock."""
        shop.offer()
        shop.mercato("lock")
        shop.choose("alpha", "beta")

        refused = shop.mercato("install")

        assert (refused.exit_code, "    + mercato-beta\n" in refused.stderr) == (2, True)

    def test_switches_only_if_the_deployment_fits(self, shop):
        """If the deployment does not fit in the new environment, the old one stays current."""
        shop.offer(version="1.0")
        shop.mercato("lock")
        shop.mercato("install")
        used = shop.places.current.readlink()
        shop.offer(version="1.1", source="raise RuntimeError('broken release')\n")
        shop.mercato("lock")

        refused = shop.mercato("install")

        assert (refused.exit_code, "error[K103] mercato-alpha 1.1" in refused.stderr) == (2, True)
        assert shop.places.current.readlink() == used
        assert shop.installed("check", "--offline").returncode == 0

    def test_a_new_lock_gets_a_new_environment(self, shop):
        """The current environment has only the features of the new lock."""
        shop.choose("alpha", "beta")
        shop.offer("alpha")
        shop.offer("beta")
        shop.mercato("lock")
        shop.mercato("install")
        shop.choose("alpha")
        shop.mercato("lock")

        shop.mercato("install")

        assert len(shop.environments) == 2
        assert not list(shop.places.current.glob("lib/python*/site-packages/mercato_beta*"))

    @pytest.mark.provokes("K120")
    def test_back_and_forth(self, shop):
        """`mercato rollback` restores the previous environment and lock; no lock is lost."""
        shop.offer(version="1.0")
        shop.mercato("lock")
        shop.mercato("install")
        old_lock, old = shop.places.lock.read_bytes(), shop.places.current.readlink()
        nowhere = shop.mercato("rollback")
        shop.offer(version="1.1")
        shop.mercato("lock")
        shop.mercato("install")
        shop.offer(version="1.2")
        shop.mercato("lock")
        never_installed = shop.places.lock.read_bytes()

        back = shop.mercato("rollback")

        assert (nowhere.exit_code, "error[K120]" in nowhere.stderr) == (2, True)
        assert (back.exit_code, shop.places.current.readlink()) == (0, old), back.output
        assert shop.places.lock.read_bytes() == old_lock
        assert (shop.folder / "pylock.toml.kept").read_bytes() == never_installed
        assert "mercato-alpha 1.0" in shop.installed("check", "--offline").stdout

    def test_four_at_once(self, shop):
        """Four installs at once build one environment, and all succeed."""
        shop.offer()
        shop.mercato("lock")

        processes = [shop.start("install") for _ in range(4)]
        outputs = [process.communicate(timeout=300) for process in processes]

        assert [process.returncode for process in processes] == [0] * 4, outputs
        assert sum("unpacking" in out for out, _ in outputs) == 1
        assert len(shop.environments) == 1
        assert shop.installed("check", "--offline").returncode == 0

    def test_killed_at_every_step(self, shop):
        """After SIGKILL the same command succeeds; until then the old environment works."""
        shop.offer(version="1.0")
        shop.mercato("lock")
        shop.mercato("install")
        used = shop.places.current.readlink()
        shop.offer(version="1.1")
        shop.mercato("lock")
        for step in ("fetched", "checked", "checking"):
            if step == "fetched":
                for wheel in shop.places.wheels.glob("*/*.whl"):
                    wheel.unlink()
            kill_at(shop, step)
            assert shop.places.current.readlink() == used
            assert shop.installed("check", "--offline").returncode == 0

        again = shop.mercato("install")

        assert again.exit_code == 0, again.stderr
        assert "mercato-alpha 1.1" in shop.installed("check", "--offline").stdout
        assert len(shop.environments) == 2
        assert not [it for it in shop.places.environments.rglob("*") if it.suffix == ".part"]

    @pytest.mark.provokes("K120")
    def test_gives_up_waiting(self, shop):
        """K120 names the process that holds the lock."""
        shop.offer()
        shop.mercato("lock")
        other = shop.start("install")
        line_with(other, "resolving|fetched|checked")
        other.send_signal(signal.SIGSTOP)

        refused = shop.mercato("install", "--wait", "0.3")

        other.kill()
        other.communicate()
        assert (refused.exit_code, f"process {other.pid} on " in refused.stderr) == (2, True)


def line_with(process, words):
    """Wait for a matching line of a process; None if it ends without one."""
    for line in process.stdout:
        if re.search(words, line):
            return line
    return None


def kill_at(shop, step):
    """Install in a process, and kill it at the start of a step."""
    process = shop.start("install")
    line = line_with(process, step)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert line is not None, step
