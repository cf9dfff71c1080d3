"""Values that development accepts and production refuses, naming the key and a fix."""

import pytest

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.faults import DeploymentError
from mercato_composition.features.plan import compose

from .unsafe_deployments import (
    KEY,
    OTHER,
    POSTGRESQL,
    UNSAFE,
    faults_of,
    production,
)


class TestProduction:
    def test_starts_where_all_is_well(self):
        """The deployment that the tests below change has no fault."""
        assert faults_of(*production()) == ()

    @pytest.mark.parametrize("hosts", ["shop.example", "shop.example, .shop.example,192.0.2.7"])
    def test_hosts_may_come_from_a_variable(self, hosts):
        """The variable separates names by commas."""
        found = faults_of(*production({"MERCATO_SERVER__HOSTS": hosts}, hosts=None))

        assert found == ()

    @pytest.mark.provokes("K201", "K202", "K203", "K205", "K206", "K312")
    @pytest.mark.parametrize("unsafe", UNSAFE)
    def test_refuses_what_is_unsafe(self, unsafe):
        """There is one fault, which names the key and a fix, and shows no secret."""
        code, key, (values, environ) = UNSAFE[unsafe]

        [fault] = faults_of(values, environ)

        assert (fault.code, fault.severity) == (code, "error")
        assert key in f"{fault.where} {fault.what}"
        assert fault.fix
        text = str(DeploymentError([fault]))
        assert not any(secret in text for secret in (KEY, OTHER, "dFg7-kk2", "Ab1-Ab1-"))

    @pytest.mark.provokes("K206")
    def test_names_each_limit_that_is_counted_apart(self):
        """Both limits need Redis if several processes count."""
        found = faults_of(*production(server={"workers": 4, "requests_per_minute": 100}))

        assert [fault.what.split()[0] for fault in found] == [
            "open_writes_per_minute",
            "requests_per_minute",
        ]

    @pytest.mark.provokes("K206")
    def test_refuses_debug_mode(self, monkeypatch):
        """Flask's debug mode, set by an environment variable, is refused."""
        monkeypatch.setenv("FLASK_DEBUG", "1")

        [fault] = faults_of(*production())

        assert (fault.code, fault.where) == ("K206", "FLASK_DEBUG")

    @pytest.mark.provokes("K206")
    def test_refuses_files_that_all_users_may_write(self, tmp_path):
        """A deployment file or a secret's file that all users may write is refused."""
        key, file = tmp_path / "key", tmp_path / "deployment.toml"
        key.write_text(KEY)
        file.write_text(
            'environment = "production"\n[server]\nhosts = ["a.example"]\ntrusted_proxies = 1\n'
        )
        for path in (key, file):
            path.chmod(0o666)
        environ = {"MERCATO_SECRET_KEY_FILE": str(key), "MERCATO_DATABASE__URL": POSTGRESQL}

        found = compose(read_deployment(file, environ=environ)).faults

        unsafe = [fault.where for fault in found if fault.code == "K206"]
        assert unsafe == ["deployment.toml", "key"]

    @pytest.mark.provokes("K312")
    def test_warns_of_sqlite(self):
        """SQLite with one worker is a warning in production."""
        [fault] = faults_of(*production({"MERCATO_DATABASE__URL": "sqlite:///shop.db"}))

        assert (fault.code, fault.severity) == ("K312", "warning")

    @pytest.mark.parametrize(
        "unsafe", ["unknown hosts", "an unknown number of proxies", "a key of one character"]
    )
    def test_lets_development_be(self, unsafe):
        """Development accepts all of these values."""
        _, _, (values, environ) = UNSAFE[unsafe]

        assert faults_of(values | {"environment": "development"}, environ) == ()
