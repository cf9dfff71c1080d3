"""Each table of the file is read into its values."""

import pytest

from mercato_composition.deployment.model import DEVELOPMENT_KEYS
from mercato_composition.deployment.reader import SMALLEST_SECRET_KEY, read_deployment
from mercato_composition.faults import DeploymentError

from .readings import KEY, faults_of


class TestSecretKey:
    @pytest.mark.parametrize("environment", ["development", "testing"])
    def test_has_a_default_outside_production(self, environment):
        """Development and testing have a default key."""
        deployment = read_deployment({"environment": environment})

        assert len(deployment.secret_key.reveal()) >= SMALLEST_SECRET_KEY

    @pytest.mark.parametrize(
        ("environ", "code"),
        [
            ({}, "K201"),
            ({"MERCATO_SECRET_KEY": "tiny-secret"}, "K202"),
            ({"MERCATO_SECRET_KEY": DEVELOPMENT_KEYS["development"]}, "K205"),
        ],
    )
    def test_production_brings_its_own(self, environ, code):
        """A missing, short or public key is refused, and never shown."""
        with pytest.raises(DeploymentError) as refused:
            read_deployment({"environment": "production"}, environ)

        [fault] = refused.value.faults
        assert fault.code == code
        assert "MERCATO_SECRET_KEY" in fault.fix
        assert not any(key in str(refused.value) for key in environ.values())

    @pytest.mark.provokes("K205")
    def test_production_refuses_it_in_the_file(self):
        """K205: production refuses a secret that is written in the file."""
        found = faults_of({"environment": "production", "secret_key": KEY})

        assert [code for code, _, _ in found] == ["K205"]

    def test_a_deployment_without_environment_is_production(self):
        """The default environment has the strictest rules."""
        deployment = read_deployment({}, {"MERCATO_SECRET_KEY": KEY})

        assert deployment.environment == "production"


class TestDatabase:
    def test_is_a_sqlite_file_by_default(self, tmp_path, monkeypatch):
        """The default is a SQLite file, relative to the working directory."""
        monkeypatch.chdir(tmp_path)

        deployment = read_deployment({"environment": "testing"})

        assert deployment.database_url.database == str(tmp_path / "mercato.db")

    @pytest.mark.provokes("K202")
    @pytest.mark.parametrize(
        "url",
        [
            "mysql://root:secret@host/db",
            "secret",
            "sqlite://",
            "postgresql+secret://h/db",
            "postgresql://u@127.0.0.1:secret/db",
            "postgresql://[::1:secret/db",
            "postgresql://u:secret@h:99999/db",
            "postgresql://u:secret\0@h/db",
            "postgresql://u:secret@h/db?plugin=x",
            "sqlite:///secret\0.db",
            "sqlite:///shop.db?timeout=secret",
        ],
    )
    def test_refuses_what_it_cannot_use_without_showing_it(self, url):
        """K202: an unusable URL is refused, without its password in the message."""
        [(code, _, what)] = faults_of({"environment": "testing", "database": {"url": url}})

        assert code == "K202"
        assert "secret" not in what


class TestRedis:
    @pytest.mark.provokes("K202")
    @pytest.mark.parametrize(
        "url",
        [
            "",
            "redis://:Kpsecret99Zz",
            "rediss://:Kpsecret/ret99Zz@h",
            "rediss://:123/secret@h",
            "rediss://secret/99@h",
            "rediss://:secret#99@h",
            "rediss://secret#99@h",
            "rediss://secret?99@h",
            "http://:secret@h",
            "redis.secret:6379",
            "unix:///run/secret.sock",
            "redis://[::1",
            "rediss://a[secret@h:6379",
            "REDISS://:secret@h",
            " redis://:secret@h",
            "redis://:secret@h:0",
            "redis://:secret@h?colour=red",
            "redis://h?ssl_certfile=/srv/secret.crt",
            "redis://",
            "https://h?host=secret",
            "redis://:secret@h?socket_timeout=soon",
            "rediss://:secret@h?ssl_cert_reqs=perhaps",
        ],
    )
    def test_refuses_what_it_cannot_use_without_showing_it(self, url):
        """K202: an empty or malformed URL is refused, without its password in the message."""
        [(code, where, what)] = faults_of({"environment": "testing"}, {"MERCATO_REDIS__URL": url})

        assert (code, where) == ("K202", "MERCATO_REDIS__URL")
        assert "secret" not in what

    @pytest.mark.parametrize(
        "url",
        [
            "redis://127.0.0.1",
            "redis://u:p%2Fw@[::1]:6380/2",
            "rediss://:pw@h/?ssl_cert_reqs=none",
            "redis:///0?host=h",
        ],
    )
    def test_accepts_what_the_client_accepts(self, url):
        """A URL may have user, password, port, database and options."""
        environ = {"MERCATO_REDIS__URL": url}

        deployment = read_deployment({"environment": "testing"}, environ)

        assert deployment.redis_url.reveal() == url


class TestIndex:
    @pytest.mark.provokes("K202")
    @pytest.mark.parametrize(
        "url", ["", "https://u:secret/99@h/simple", "https://h:secret/", "https://[secret/"]
    )
    def test_refuses_what_it_cannot_use_without_showing_it(self, url):
        """K202: an empty or malformed URL is refused, without its password in the message."""
        [(code, _, what)] = faults_of({"environment": "testing"}, {"MERCATO_INDEX__URL": url})

        assert code == "K202"
        assert "secret" not in what
