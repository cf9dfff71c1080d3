"""Go back to an older release, with its packages, its lock and its deployment file."""

import pytest

from mercato_composition.faults import DeploymentError
from mercato_installer import deploy as deploying
from mercato_installer.releases import Releases
from mercato_installer.rollback import rollback

from .deploys import Lines, installation_of


@pytest.fixture
def shop(small_shop):
    """A deployment with two releases: of alpha 1.0, and of alpha 1.1 with another file."""
    small_shop.offer(version="1.0")
    deploy(small_shop)
    small_shop.choose("alpha", more="required = false\n")
    small_shop.offer(version="1.1")
    deploy(small_shop)
    return small_shop


def deploy(shop):
    """Deploy what the file says."""
    deploying.deploy(installation_of(shop), agree=lambda plan: True)


def refused_by(shop, **options):
    """Roll back, and return the fault that refuses it."""
    with pytest.raises(DeploymentError) as refused:
        rollback(installation_of(shop), **options)
    (fault,) = refused.value.faults
    return fault


class TestRollback:
    def test_restores_file_lock_and_environment(self, shop):
        """All three are those of the older release; the newer one is kept."""
        first, second = Releases(shop.places).all()

        rollback(installation_of(shop))

        assert Releases(shop.places).current() == first
        assert shop.file.read_bytes() == first.file.read_bytes() != second.file.read_bytes()
        assert shop.places.lock.read_bytes() == first.lock.read_bytes()
        assert shop.places.current.readlink().name == first.record.environment
        assert Releases(shop.places).all() == [first, second]
        assert not shop.file.with_name("deployment.toml.edited").exists()

    def test_keeps_what_was_edited_since(self, shop):
        """A file that is in no release is kept beside it, and so is a lock."""
        shop.choose("alpha", more="required = true\n")
        edited = shop.file.read_bytes()
        shop.places.lock.write_bytes(shop.places.lock.read_bytes() + b"\n")
        shop.file.chmod(0o600)
        shown = Lines()

        rollback(installation_of(shop, shown))

        kept = shop.folder / "deployment.toml.edited"
        assert kept.read_bytes() == edited
        assert (shop.folder / "pylock.toml.kept").read_bytes().endswith(b"\n\n")
        assert {it.stat().st_mode & 0o777 for it in (kept, shop.file)} == {0o600}
        line = "deployment.toml is in no release; kept it as deployment.toml.edited"
        assert line in shown.lines

    def test_goes_to_any_release(self, shop):
        """`rollback 2` after a rollback goes forward again; the next deploy is the third."""
        rollback(installation_of(shop))
        rollback(installation_of(shop), number=2)
        newest = Releases(shop.places).current()
        shop.choose("alpha")

        deploy(shop)

        assert newest.number == 2
        assert Releases(shop.places).current().number == 3

    @pytest.mark.provokes("K120")
    @pytest.mark.parametrize("number", [None, 7])
    def test_needs_a_release(self, shop, number):
        """K120 lists the releases that are kept."""
        rollback(installation_of(shop))

        fault = refused_by(shop, number=number)

        assert (fault.code, fault.what.partition("Kept")[2]) == ("K120", " releases: 1, 2")

    @pytest.mark.provokes("K303")
    def test_is_refused_by_a_database_that_went_too_far(self, shop):
        """K303: what the older release uses was removed; a backup is the only way back."""
        shop.offer(version="1.2")
        deploy(shop)
        deploying.finish(installation_of(shop), agree=lambda *shown: True)
        used = Releases(shop.places).current()

        fault = refused_by(shop)

        assert (fault.code, Releases(shop.places).current()) == ("K303", used)
        assert fault.fix.splitlines() == [
            "stay with the current release",
            "or: restore a backup of the database from release 2, then go back",
        ]

    @pytest.mark.provokes("K120")
    def test_of_a_file_that_cannot_be_written(self, shop):
        """K120 proposes `--keep-file`, which runs the release from its own copy."""
        first, second = Releases(shop.places).all()
        # Even for root, a folder is no file that can be replaced.
        shop.places.lock.unlink()
        shop.places.lock.mkdir()

        fault = refused_by(shop)
        unchanged = Releases(shop.places).current()
        rollback(installation_of(shop), keep_file=True)

        assert (fault.code, unchanged) == ("K120", second)
        assert "rollback 1 --keep-file" in fault.fix
        assert Releases(shop.places).current() == first
        assert shop.file.read_bytes() == second.file.read_bytes()
