"""Rules of production: of files, of databases, of features, and what [accept] may name."""

import dataclasses

import msgspec
import pytest

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.faults import DeploymentError
from mercato_composition.features.plan import compose
from mercato_kit.settings import Rule, Secret, Settings

from .manifests import feature

KEY = "7Jq2-wvT0bXe9LrKc4MzYd1Hn8PsUaGf5Ro3"
SERVER = {"trusted_proxies": 1, "hosts": ["shop.example"]}
REASON = "a demo without customers"


def planned(*manifests, environ=None, **tables):
    """Plan a production deployment that fits, with changes."""
    values = {"environment": "production", "server": SERVER, **tables}
    given = {"MERCATO_SECRET_KEY": KEY, "MERCATO_DATABASE__URL": "postgresql://127.0.0.1/shop"}
    environ = {name: text for name, text in {**given, **(environ or {})}.items() if text}
    deployment = read_deployment(values, environ)
    return compose(deployment, manifests)


def refused(**values):
    """Return the codes and texts of the faults of reading a testing deployment."""
    environ = values.pop("environ", {})
    with pytest.raises(DeploymentError) as found:
        read_deployment({"environment": "testing", **values}, environ)
    return [(fault.code, fault.where, fault.what) for fault in found.value.faults]


class Lamp(Settings, frozen=True, kw_only=True):
    """A lamp that must not be red, and may be bright only knowingly."""

    production = (
        Rule("colour", lambda it: it.colour == "red", "bulls come", {"colour": "red"}),
        Rule("watts", lambda it: it.watts > 60, "it burns", {"watts": 90}, acceptable=True),
    )

    colour: str = "red"
    watts: int = 40
    key: Secret | None = None


def lamp(**settings):
    """Return the tables of a deployment with a lamp."""
    return {"features": {"lamp": {"settings": {"colour": "green", **settings}}}}


LAMP = feature("lamp", settings=Lamp)


class TestRules:
    @pytest.mark.provokes("K206")
    def test_an_unsafe_default_has_no_line(self):
        """The place of a default is the release that has it; the fix has no value to propose."""
        [fault] = planned(LAMP).faults

        assert (fault.code, fault.where) == (
            "K206",
            "default of 'lamp' (handed to create_app)",
        )
        assert fault.what.endswith("is unsafe: bulls come.\nthere is no switch for this rule")

    def test_a_variable_is_to_be_unset(self):
        """The fix of a rule without a safe value removes the line, or unsets the variable."""
        variable = "MERCATO_FEATURES__LAMP__SETTINGS__COLOUR"

        [in_file] = planned(LAMP, **lamp(colour="red")).faults
        [given] = planned(LAMP, environ={variable: "red"}, **lamp()).faults

        assert in_file.fix == "remove colour from [features.lamp.settings] of deployment.toml"
        assert (given.where, given.fix) == (variable, f"unset {variable}")

    @pytest.mark.provokes("K106")
    def test_one_that_raises_is_a_fault_of_the_feature(self):
        """A rule that cannot be applied lets nothing pass."""

        class Broken(Settings, frozen=True, kw_only=True):
            production = (Rule("a", lambda it: it.absent, "why", {}),)

            a: int = 1

        [fault] = planned(feature("lamp", settings=Broken)).faults

        assert (fault.code, fault.feature) == ("K106", "lamp")
        assert "its production rule for 'a' cannot be applied: AttributeError" in fault.what


class TestDevelopmentOnly:
    MANIFEST = feature("sandbox", development_only="it takes play money")

    @pytest.mark.provokes("K206")
    def test_features_are_refused(self):
        """A feature for development only is refused with its reason; nothing accepts it."""
        [fault] = planned(self.MANIFEST).faults

        assert (fault.code, fault.feature, fault.severity) == ("K206", "sandbox", "error")
        assert "is for development only: it takes play money." in fault.what
        assert "remove [features.sandbox]" in fault.fix

    def test_features_run_elsewhere(self):
        """Other environments run it."""
        deployment = read_deployment({"environment": "testing"})

        assert compose(deployment, [self.MANIFEST]).faults == ()

    @pytest.mark.provokes("K106")
    def test_needs_a_reason(self):
        """The reason is text."""
        [fault] = planned(feature("sandbox", development_only=True)).faults

        assert (fault.code, fault.what) == (
            "K106",
            "development_only is True; expected a str or None.",
        )


class TestAccept:
    def test_makes_a_warning_of_a_danger(self):
        """The warning has the reason and the rule; the feature is composed."""
        found = planned(LAMP, accept={"lamp.watts": REASON}, **lamp(watts=90))

        [warning] = found.accepted
        assert found.faults == (warning,)
        assert (warning.severity, warning.accepted) == ("warning", "lamp.watts")
        assert warning.what.endswith(f"it burns.\naccepted: {REASON}")

    def test_keeps_an_optional_feature(self, wheels):
        """A feature that is not required stays, although a danger of it is accepted."""
        tables = lamp(watts=90)
        tables["features"]["lamp"]["required"] = False

        found = planned(LAMP, accept={"lamp.watts": REASON}, **tables)

        assert "lamp" not in {fault.feature for fault in found.faults if not fault.accepted}

    @pytest.mark.provokes("K206")
    def test_says_that_it_does_not_accept_another_danger(self):
        """A rule without a switch stays an error, although [accept] has its name, and says so."""
        environ = {"MERCATO_REDIS__URL": "rediss://cache.tld"}

        [fault] = planned(environ=environ, accept={"redis.url": REASON}).faults

        assert (fault.severity, fault.accepted) == ("error", None)
        assert fault.what.endswith("'redis.url' in [accept] does not cover this danger")

    @pytest.mark.provokes("K203")
    @pytest.mark.parametrize("rule", ["lamp.wats", "lamp.colour", "server.host", "nothing"])
    def test_names_acceptable_rules_only(self, rule):
        """K203: an unknown rule, and one without a switch, in every environment."""
        values = {"environment": "testing", "accept": {rule: REASON}}

        [fault] = compose(read_deployment(values), [LAMP]).faults

        assert (fault.code, repr(rule) in fault.what) == ("K203", True)
        assert "lamp.watts" in fault.what

    def test_of_a_feature_that_is_not_loaded_is_not_judged(self):
        """The rules of a feature that is not installed are not known."""
        tables = {"features": {"absent": {}}, "accept": {"absent.mail": REASON}}

        assert [fault.code for fault in planned(**tables).faults] == ["K101"]

    @pytest.mark.provokes("K202")
    def test_needs_a_reason(self):
        """A reason has 10 characters or more."""
        [(code, _, what)] = refused(accept={"redis.url": "  because "})

        assert (code, what) == ("K202", "the reason of 'redis.url' has fewer than 10 characters.")

    @pytest.mark.provokes("K202")
    def test_names_each_rule_in_quotes(self):
        """K202: without quotes, TOML reads the dot in a name as a table."""
        with pytest.raises(DeploymentError) as found:
            read_deployment({"environment": "testing", "accept": {"users": {"mail": REASON}}})

        [fault] = found.value.faults
        assert (fault.code, "'users' in [accept] is a table" in fault.what) == ("K202", True)
        assert 'put the name in quotes: "users.mail" = ' in fault.fix

    @pytest.mark.provokes("K202")
    def test_needs_a_text(self):
        """A reason is a text."""
        [(code, _, what)] = refused(accept={"redis.url": True})

        assert (code, what) == ("K202", "the reason of 'redis.url' is not a text.")

    @pytest.mark.provokes("K203")
    @pytest.mark.parametrize("name", ["MERCATO_ACCEPT__REDIS.URL", "MERCATO_ACCEPT"])
    def test_is_read_from_the_file_only(self, name):
        """K203: no variable accepts a danger."""
        [(code, where, _)] = refused(environ={name: REASON})

        assert (code, where) == ("K203", name)

    def test_names_its_line(self, tmp_path):
        """A wrong rule is reported with its line in the file."""
        file = tmp_path / "shop.toml"
        file.write_text(f'environment = "testing"\n[accept]\n"no.rule" = "{REASON}"\n')

        [fault] = compose(read_deployment(file, {})).faults

        assert (fault.code, fault.where) == ("K203", "shop.toml:3:1")


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


class TestDirect:
    def test_an_option_is_named(self):
        """An address that `mercato serve --bind` gives is reported with the option."""
        deployment = planned().deployment
        server = msgspec.structs.replace(deployment.server, host="10.0.0.7", trusted_proxies=0)

        [fault] = compose(dataclasses.replace(deployment, server=server)).faults

        assert (fault.code, fault.where) == ("K206", "--bind")

    @pytest.mark.parametrize(
        "server",
        [
            {"host": "10.0.0.7", "trusted_proxies": 1},
            {"host": "10.0.0.7", "trusted_proxies": 0, "direct": True},
            {"host": "::1", "trusted_proxies": 0},
        ],
    )
    def test_a_proxy_or_a_word_is_enough(self, server):
        """Other machines may connect through a proxy, or if the file says so."""
        assert planned(server=server | {"hosts": ["shop.example"]}).faults == ()


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
