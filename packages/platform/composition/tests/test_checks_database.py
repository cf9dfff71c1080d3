"""The connections to the database and to Redis are safe in production."""

import pytest

from .productions import planned


class TestDatabase:
    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://127.0.0.1/shop",
            "postgresql://[::1]:5433/shop",
            "postgresql:///shop",
            "postgresql:///shop?host=/run/postgresql",
            "postgresql:///shop?host=localhost:5432&host=127.0.0.1:5433",
            "postgresql://u:dFg7-kk2@db.tld/shop?sslmode=verify-full",
            "postgresql://u@db.tld/shop?sslmode=require&passfile=/srv/pgpass",
            "postgresql://u@db.tld/shop?sslmode=require&sslcert=/srv/client.crt",
        ],
    )
    def test_accepts_sockets_loopback_and_tls(self, url):
        """This machine needs no TLS; another one needs TLS and a proof of who is calling."""
        assert planned(environ={"MERCATO_DATABASE__URL": url}).faults == ()

    @pytest.mark.provokes("K206")
    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://u:dFg7-kk2@db.tld/shop",
            "postgresql://u:dFg7-kk2@db.tld/shop?sslmode=prefer",
            "postgresql://u:dFg7-kk2@10.0.0.7/shop",
            "postgresql://u:dFg7-kk2@/shop?host=localhost:5432&host=db.tld:5432",
            "postgresql://u:dFg7-kk2@localhost/shop?hostaddr=10.0.0.7",
        ],
    )
    def test_refuses_another_machine_in_clear(self, url):
        """Every way to name another machine counts."""
        [fault] = planned(environ={"MERCATO_DATABASE__URL": url}).faults

        assert '"database.sslmode" = "<why this deployment may do it>"' in fault.fix
        assert "dFg7" not in fault.what

    @pytest.mark.provokes("K206")
    @pytest.mark.parametrize(
        ("query", "variables", "place"),
        [
            ("", {"PGHOST": "db.tld"}, "db.tld"),
            ("", {"PGHOSTADDR": "10.0.0.7"}, "10.0.0.7"),
            ("?host=localhost", {"PGHOSTADDR": "10.0.0.7"}, "localhost, 10.0.0.7"),
            ("?service=prod", {}, "the service 'prod'"),
            ("", {"PGSERVICE": "prod", "PGHOST": "/run/postgresql"}, "the service 'prod'"),
        ],
    )
    def test_refuses_another_machine_that_libpq_finds(self, monkeypatch, query, variables, place):
        """What the URL leaves out is read from the environment; a service may be anywhere."""
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

        [fault] = planned(
            environ={"MERCATO_DATABASE__URL": f"postgresql://u:dFg7-kk2@/shop{query}"}
        ).faults

        assert f"may be sent to {place} in clear" in fault.what

    def test_accepts_tls_and_a_password_of_the_environment(self, monkeypatch):
        """They count where libpq reads them."""
        for name, value in {
            "PGHOST": "db.tld",
            "PGSSLMODE": "require",
            "PGPASSFILE": "/srv/pgpass",
        }.items():
            monkeypatch.setenv(name, value)

        assert planned(environ={"MERCATO_DATABASE__URL": "postgresql://u@/shop"}).faults == ()

    @pytest.mark.parametrize("query", ["?host=/run/postgresql", "?service=prod&host=localhost"])
    def test_the_url_is_stronger_than_the_environment(self, monkeypatch, query):
        """A host in the URL is the one that libpq connects to."""
        monkeypatch.setenv("PGHOST", "db.tld")

        url = f"postgresql:///shop{query}"

        assert planned(environ={"MERCATO_DATABASE__URL": url}).faults == ()

    def test_sslmode_replaces_that_of_the_url(self):
        """[database] sslmode is laid over the URL, so that no password has to be shown."""
        url = "postgresql://u:dFg7-kk2@db.tld/shop?sslmode=disable"

        found = planned(environ={"MERCATO_DATABASE__URL": url}, database={"sslmode": "verify-full"})

        assert found.faults == ()
        assert found.deployment.database_url.query["sslmode"] == "verify-full"


class TestRedis:
    @pytest.mark.parametrize(
        "url",
        [
            "redis://localhost/0",
            "rediss://:wQx4-mm9@cache.tld",
            "rediss://cache.tld/0?password=wQx4-mm9",
            "rediss://cache.tld/0?ssl_certfile=/srv/client.crt&ssl_keyfile=/srv/client.key",
        ],
    )
    def test_accepts_a_password_or_a_certificate_over_tls(self, url):
        """They are read where the package `redis` reads them: options are in the query."""
        assert planned(environ={"MERCATO_REDIS__URL": url}).faults == ()

    @pytest.mark.provokes("K206")
    @pytest.mark.parametrize(
        ("url", "what"),
        [
            ("rediss://cache.tld/0", "Redis at cache.tld has no password"),
            ("redis:///0?host=cache.tld", "Redis at cache.tld has no password"),
            ("redis://cache.tld/0?password=wQx4-mm9", "is sent to cache.tld in clear"),
        ],
    )
    def test_refuses_another_machine_without_them(self, url, what):
        """Without TLS there is no certificate, and the password can be read."""
        [fault] = planned(environ={"MERCATO_REDIS__URL": url}).faults

        assert what in fault.what
