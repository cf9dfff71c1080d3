"""Files that others may read or change are reported in production."""

import pytest

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.features.plan import compose

from .productions import KEY, LAMP, REASON, lamp, planned


class TestFiles:
    @pytest.fixture
    def faults_with(self, tmp_path):
        """Plan with a secret in a file; return the K206 faults as (where, acceptable)."""

        def check(mode, *, folder=0o700, mounted=False, **tables):
            place = tmp_path / "secrets"
            place.mkdir()
            file = place / "key"
            file.write_text(KEY)
            if mounted:
                (place / "..data").symlink_to(tmp_path)
            file.chmod(mode)
            place.chmod(folder)
            environ = {"MERCATO_SECRET_KEY": None, "MERCATO_SECRET_KEY_FILE": str(file)}
            found = planned(environ=environ, **tables).faults
            return [(fault.where, fault.what.split()[5], fault.severity) for fault in found]

        return check

    @pytest.mark.parametrize("mode", [0o600, 0o640, 0o400])
    def test_of_secrets_are_for_the_owner(self, faults_with, mode):
        """The owner and the group may read a secret."""
        assert faults_with(mode) == []

    @pytest.mark.provokes("K206")
    def test_of_secrets_are_not_read_by_others(self, faults_with):
        """A secret that every user may read is refused."""
        assert faults_with(0o644) == [("key", "may", "error")]

    def test_that_others_read_may_be_accepted(self, faults_with):
        """The rule is the key that names the file."""
        accept = {"secret_key_file": REASON}

        assert [one[2] for one in faults_with(0o644, accept=accept)] == ["warning"]

    def test_of_container_engines_are_read_by_others(self, faults_with):
        """A file beside `..data`, as Kubernetes mounts it, may be readable, its folder writable."""
        assert faults_with(0o644, mounted=True, folder=0o777) == []

    @pytest.mark.provokes("K206")
    def test_in_a_folder_that_others_may_write(self, faults_with):
        """A file that others may replace is refused."""
        assert faults_with(0o600, folder=0o777) == [("key", "may", "error")]

    def test_in_a_folder_that_others_may_write_may_be_accepted(self, faults_with):
        """The folder may be a volume of the container, whose mode cannot be changed."""
        accept = {"secret_key_file": REASON}

        found = faults_with(0o600, folder=0o777, accept=accept)

        assert [one[2] for one in found] == ["warning"]

    @pytest.mark.provokes("K206")
    @pytest.mark.parametrize(("mode", "severity"), [(0o600, "warning"), (0o666, "error")])
    def test_of_the_deployment_in_such_a_folder(self, tmp_path, mode, severity):
        """The rule is `files`; that others write the file itself has no switch."""
        folder = tmp_path / "volume"
        folder.mkdir()
        file = folder / "deployment.toml"
        file.write_text(
            'server = {hosts = ["shop.example"], trusted_proxies = 1}\n'
            f'accept = {{files = "{REASON}"}}\n'
        )
        folder.chmod(0o777)
        file.chmod(mode)
        environ = {"MERCATO_SECRET_KEY": KEY, "MERCATO_DATABASE__URL": "postgresql:///shop"}

        found = compose(read_deployment(file, environ)).faults

        unsafe = [fault for fault in found if fault.code == "K206"]
        assert [it.severity for it in unsafe if it.where == file.name] == [severity]

    def test_in_a_sticky_folder(self, faults_with):
        """In a sticky folder only the owner may replace a file."""
        assert faults_with(0o600, folder=0o1777) == []

    @pytest.mark.provokes("K206")
    def test_of_features_too(self, tmp_path):
        """The secrets of features have rules of their own."""
        file = tmp_path / "lamp-key"
        file.write_text(KEY[::-1])
        file.chmod(0o604)

        [fault] = planned(LAMP, **lamp(key_file=str(file))).faults

        assert (fault.code, fault.where) == ("K206", "lamp-key")
        assert '"lamp.key_file" = "<why this deployment may do it>"' in fault.fix

    @pytest.mark.provokes("K206")
    def test_of_the_lock(self, tmp_path):
        """A lock that every user may write chooses what is installed."""
        (tmp_path / "deployment.toml").write_text("[server]\ntrusted_proxies = 1\n")
        lock = tmp_path / "pylock.toml"
        lock.write_text("")
        lock.chmod(0o666)
        environ = {"MERCATO_SECRET_KEY": KEY}

        found = compose(read_deployment(tmp_path / "deployment.toml", environ)).faults

        assert [fault.where for fault in found if fault.code == "K206"] == ["pylock.toml"]
