"""Values that development accepts and production refuses, naming the key and a fix."""

import pytest

from mercato_composition.deployment.model import DEVELOPMENT_KEYS
from mercato_composition.deployment.reader import read_deployment
from mercato_composition.faults import DeploymentError
from mercato_composition.features.plan import compose
from mercato_host import create_app
from mercato_kit.feature import Feature
from mercato_kit.http import Blueprint
from mercato_kit.policies import anyone, signed_in
from mercato_kit.settings import Secret, Settings

KEY = "7Jq2-wvT0bXe9LrKc4MzYd1Hn8PsUaGf5Ro3"
OTHER = "Zt6-kQw8VbNm2XcLp0AsDf4GhJr9TyUi1Eo5"
POSTGRESQL = "postgresql://shop:dFg7-kk2@db.example/shop?sslmode=require"
REDIS = {"MERCATO_REDIS__URL": "rediss://:wQx4-mm9@cache.example"}
LITE = {"MERCATO_DATABASE__URL": "sqlite:///shop.db", **REDIS}


class Keys(Settings, frozen=True):
    """Secrets of a feature."""

    mail_key: Secret | None = None
    pay_key: Secret | None = None


def feature(name):
    """Return a feature with secrets."""
    return Feature(name=name, summary="For a test.", settings=Keys)


def production(environ=None, *, proxies=0, hosts=("shop.example",), server=None, **tables):
    """Describe a valid production deployment with changes."""
    values = {"environment": "production", "server": dict(server or {}), **tables}
    if hosts is not None:
        values["server"]["hosts"] = list(hosts)
    if proxies is not None:
        values["server"]["trusted_proxies"] = proxies
    given = {"MERCATO_SECRET_KEY": KEY, "MERCATO_DATABASE__URL": POSTGRESQL, **(environ or {})}
    return values, {name: value for name, value in given.items() if value is not None}


def faults_of(values, environ, features=("mails", "payments")):
    """Return the faults of reading and of composing a deployment."""
    try:
        deployment = read_deployment(values, environ=environ)
    except DeploymentError as error:
        return error.faults
    return compose(deployment, map(feature, features)).faults


UNSAFE = {
    "no key": ("K201", "secret_key", production({"MERCATO_SECRET_KEY": None})),
    "a short key": ("K202", "secret_key", production({"MERCATO_SECRET_KEY": "Ab1-" * 4})),
    "development's key": (
        "K205",
        "secret_key",
        production({"MERCATO_SECRET_KEY": DEVELOPMENT_KEYS["development"]}),
    ),
    "testing's key": (
        "K205",
        "secret_key",
        production({"MERCATO_SECRET_KEY": DEVELOPMENT_KEYS["testing"]}),
    ),
    "a key of one character": ("K206", "secret_key", production({"MERCATO_SECRET_KEY": "a" * 40})),
    "the key in the file": (
        "K205",
        "secret_key",
        production({"MERCATO_SECRET_KEY": None}, secret_key=KEY),
    ),
    "a feature's key in the file": (
        "K205",
        "mail_key",
        production(features={"mails": {"settings": {"mail_key": OTHER}}}),
    ),
    "the database's password in the file": (
        "K205",
        "'url' in [database]",
        production({"MERCATO_DATABASE__URL": None}, database={"url": POSTGRESQL}),
    ),
    "the password of Redis in the file": (
        "K205",
        "'url' in [redis]",
        production(redis={"url": "rediss://:wQx4-mm9@cache.example"}),
    ),
    "the password of Redis in the file, as an option": (
        "K205",
        "'url' in [redis]",
        production(redis={"url": "rediss://cache.example/0?password=wQx4-mm9"}),
    ),
    "the password of the index in the file": (
        "K205",
        "'url' in [index]",
        production(index={"url": "https://shop:wQx4-mm9@index.example/simple"}),
    ),
    "a public password": (
        "K205",
        "'url' in [database]",
        production({"MERCATO_DATABASE__URL": "postgresql://root:root@127.0.0.1/shop"}),
    ),
    "one key for two things": (
        "K206",
        "secret_key",
        production({"MERCATO_FEATURES__MAILS__SETTINGS__MAIL_KEY": KEY}, features={"mails": {}}),
    ),
    "one key for two features": (
        "K206",
        "features.payments.settings.pay_key and features.mails.settings.mail_key",
        production(
            {
                "MERCATO_FEATURES__MAILS__SETTINGS__MAIL_KEY": OTHER,
                "MERCATO_FEATURES__PAYMENTS__SETTINGS__PAY_KEY": OTHER,
            },
            features={"mails": {}, "payments": {}},
        ),
    ),
    "one secret for key and database": (
        "K206",
        "database.url and secret_key",
        production({"MERCATO_DATABASE__URL": f"postgresql://shop:{KEY}@127.0.0.1/shop"}),
    ),
    "one password for database and Redis": (
        "K206",
        "redis.url and database.url",
        production(
            {
                "MERCATO_DATABASE__URL": "postgresql://shop:p%40ss-wQx4@127.0.0.1/shop",
                "MERCATO_REDIS__URL": "rediss://:p%40ss-wQx4@cache.example",
            }
        ),
    ),
    "one password for Redis and the index": (
        "K206",
        "index.url and redis.url",
        production(
            {
                "MERCATO_REDIS__URL": "rediss://cache.example/0?password=p%40ss-wQx4",
                "MERCATO_INDEX__URL": "https://shop:p%40ss-wQx4@index.example/simple",
            }
        ),
    ),
    "an unknown number of proxies": ("K201", "trusted_proxies", production(proxies=None)),
    "unknown hosts": ("K201", "hosts", production(hosts=None)),
    "no hosts": ("K201", "hosts", production(hosts=[])),
    "a URL for a host": ("K202", "'https://a.example'", production(hosts=["https://a.example"])),
    "a host with a port": ("K202", "'a.example:80'", production(hosts=["a.example:80"])),
    "a host with a password": ("K202", "an entry", production(hosts=["u:dFg7-kk2@h"])),
    "an address to listen on with a port": (
        "K202",
        "'127.0.0.1:5000' in 'host'",
        production(server={"host": "127.0.0.1:5000"}, proxies=1),
    ),
    "any host": ("K202", "'*'", production(hosts=["*"])),
    "a host in capitals": ("K202", "'A.example'", production(hosts=["A.example"])),
    "SQLite with several workers": (
        "K312",
        "2 workers",
        production(LITE, server={"workers": 2}),
    ),
    "SQLite with several machines": (
        "K312",
        "3 machines",
        production(LITE, server={"machines": 3}),
    ),
    "limits counted by each worker for itself": (
        "K206",
        "open_writes_per_minute = 60 is counted by each of 4 processes",
        production(server={"workers": 4}),
    ),
    "limits counted by each machine for itself": (
        "K206",
        "open_writes_per_minute = 9 is counted by each of 2 processes",
        production(server={"machines": 2, "open_writes_per_minute": 9}),
    ),
    "a database in clear": (
        "K206",
        "sslmode=disable",
        production(database={"sslmode": "disable"}),
    ),
    "an index in clear": ("K202", "url", production(index={"url": "http://wheels.example/"})),
    "requests of foreign origins": ("K203", "'cors'", production(cors={"origins": "*"})),
    "requests of every origin": ("K202", "'origins'", production(server={"origins": ["*"]})),
    "requests of an origin in clear": (
        "K206",
        "pages of http://shop.example",
        production(server={"origins": ["http://shop.example"]}),
    ),
    "a debug switch": ("K203", "'debug'", production(debug=True)),
}


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


class TestOpenWritesPerMinute:
    @pytest.fixture
    def client(self, tmp_path):
        """A host that lets one client register twice a minute."""
        blueprint = Blueprint("mails", __name__, url_prefix="/v1")

        def answer():
            """Answer"""
            return {}

        for method, rule, allow in [
            ("POST", "/register", anyone),
            ("POST", "/order", anyone),
            ("GET", "/register", anyone),
            ("POST", "/staff", signed_in),
        ]:
            route = blueprint.route(
                rule, allow=allow, methods=[method], endpoint=f"{method}{rule[1:]}"
            )
            route(blueprint.response(200)(answer))
        values = {
            "environment": "testing",
            "database": {"url": f"sqlite:///{tmp_path}/db"},
            "server": {"open_writes_per_minute": 2},
        }
        manifest = Feature(name="mails", summary="For a test.", blueprints=[blueprint])
        return create_app(read_deployment(values), features=[manifest]).test_client()

    @pytest.mark.parametrize(
        ("method", "rule", "statuses"),
        [
            ("POST", "/v1/register", [200, 200, 429]),
            ("GET", "/v1/register", [200, 200, 200]),
            ("POST", "/v1/staff", [401, 401, 401]),
        ],
    )
    def test_limits_what_needs_no_account(self, client, method, rule, statuses):
        """Writes that need no account are limited; reads and what needs an account are not."""
        assert [client.open(rule, method=method).status_code for _ in range(3)] == statuses

    def test_counts_each_route(self, client):
        """A client that has registered often enough can still order."""
        registered = [client.post("/v1/register").status_code for _ in range(3)]

        assert (registered[-1], client.post("/v1/order").status_code) == (429, 200)

    @pytest.mark.parametrize(("environment", "limit"), [("production", 60), ("testing", 0)])
    def test_is_on_in_production(self, environment, limit):
        """Production has a default."""
        values, environ = production()

        deployment = read_deployment(values | {"environment": environment}, environ)

        assert deployment.open_writes_per_minute == limit


class TestOrigins:
    @pytest.mark.provokes("K202")
    @pytest.mark.parametrize(
        "origin",
        [
            "*",
            "null",
            "",
            "shop.example",
            "https://",
            "https://shop.example/",
            "https://shop.example/path",
            "https://SHOP.example",
            "https://*.shop.example",
            "https://shop.example:",
            "https://user@shop.example",
            "https://shop.example\n",
            "ftp://shop.example",
            "https://shop.example:443",
            "http://shop.example:80",
            "https://shop.example:99999",
        ],
    )
    def test_must_be_as_browsers_write_them(self, origin):
        """What no Origin header can be equal to is refused, with an example."""
        values = {"environment": "development", "server": {"origins": [origin]}}

        with pytest.raises(DeploymentError) as refused:
            read_deployment(values)

        [fault] = refused.value.faults
        assert (fault.code, "'origins'" in fault.what) == ("K202", True)
        assert origin == "*" or "https://shop.example" in fault.what

    @pytest.mark.parametrize(
        "origin",
        [
            "http://localhost:3000",
            "https://shop.example",
            "https://[2001:db8::1]:8443",
            "http://shop.example:443",
        ],
    )
    def test_are_names_or_addresses(self, origin):
        """Names, addresses and ports are accepted; http, too, outside of production."""
        read = read_deployment({"environment": "testing", "server": {"origins": [origin]}})

        assert read.server.origins == [origin]

    def test_come_from_the_environment(self):
        """A variable has them with commas."""
        environ = {"MERCATO_SERVER__ORIGINS": "https://a.example, https://b.example"}

        read = read_deployment({"environment": "testing"}, environ)

        assert read.server.origins == ["https://a.example", "https://b.example"]


class TestHost:
    @pytest.mark.provokes("K202")
    @pytest.mark.parametrize(
        "host", ["", "[::1]", "127.0.0.1:5000", "http://127.0.0.1", "a b", "127.0.0.1\n"]
    )
    def test_is_an_address_or_a_name(self, host):
        """What no server can listen on is refused, with examples."""
        with pytest.raises(DeploymentError) as refused:
            read_deployment({"environment": "testing", "server": {"host": host}})

        [fault] = refused.value.faults
        assert (fault.code, "'host'" in fault.what) == ("K202", True)
        assert "127.0.0.1" in fault.what

    @pytest.mark.parametrize("host", ["10.0.0.7", "::", "fe80::1%eth0", "localhost", "shop_web"])
    def test_may_be_of_any_family(self, host):
        """Addresses of both families, and names that the machine knows, are accepted."""
        read = read_deployment({"environment": "testing", "server": {"host": host}})

        assert read.server.host == host


class TestHosts:
    @pytest.mark.provokes("K202")
    @pytest.mark.parametrize("host", ["*.shop.example", "::1", "shop_web", "bücher.example", "a."])
    def test_are_names_as_requests_have_them(self, host):
        """The message has the form of subdomains, of other letters and of addresses."""
        values, environ = production(hosts=[host])

        [fault] = faults_of(values, environ)

        assert (fault.code, repr(host) in fault.what) == ("K202", True)
        for form in (".shop.example", "xn--", "final dot", "IPv4", "hyphens"):
            assert form in fault.what


class TestLogging:
    @pytest.mark.provokes("K202", "K203")
    @pytest.mark.parametrize(
        ("table", "code"), [({"level": "TRACE"}, "K202"), ({"levle": "INFO"}, "K203")]
    )
    def test_refuses_what_it_does_not_know(self, table, code):
        """A level that there is not, and a misspelt key."""
        with pytest.raises(DeploymentError) as refused:
            read_deployment({"environment": "testing", "logging": table})

        assert [fault.code for fault in refused.value.faults] == [code]

    def test_has_a_level(self):
        """INFO by default; the environment overrides the file."""
        values = {"environment": "testing", "logging": {"level": "ERROR"}}

        assert read_deployment({"environment": "testing"}).log_level == "INFO"
        assert read_deployment(values).log_level == "ERROR"
        assert read_deployment(values, {"MERCATO_LOGGING__LEVEL": "DEBUG"}).log_level == "DEBUG"


class TestDeploy:
    @pytest.mark.provokes("K202", "K203")
    @pytest.mark.parametrize(
        ("table", "code"), [({"restart": [1]}, "K202"), ({"reload": ["true"]}, "K203")]
    )
    def test_refuses_what_it_does_not_know(self, table, code):
        """A command is a list of words; there is no other key."""
        with pytest.raises(DeploymentError) as refused:
            read_deployment({"environment": "testing", "deploy": table})

        assert [fault.code for fault in refused.value.faults] == [code]


class TestRequestsPerMinute:
    def test_limits_requests_of_one_address(self, tmp_path):
        """One address gets as many responses as the file allows; health endpoints are exempt."""
        blueprint = Blueprint("mails", __name__, url_prefix="/v1")

        @blueprint.get("/mails", allow=anyone)
        @blueprint.response(200)
        def mails():
            """Send mails"""
            return {}

        values = {
            "environment": "testing",
            "database": {"url": f"sqlite:///{tmp_path}/db"},
            "server": {"requests_per_minute": 2},
        }
        manifest = Feature(name="mails", summary="For a test.", blueprints=[blueprint])
        client = create_app(read_deployment(values), features=[manifest]).test_client()

        statuses = [client.get("/v1/mails").status_code for _ in range(3)]

        assert statuses == [200, 200, 429]
        assert [client.get("/healthz").status_code for _ in range(3)] == [200] * 3


class TestKeptAnswers:
    @pytest.mark.parametrize(
        ("environment", "server", "number"),
        [("production", {}, 500), ("testing", {}, 0), ("testing", {"kept_answers": 9}, 9)],
    )
    def test_are_some_in_production(self, environment, server, number):
        """Production has a default; elsewhere nothing is kept unless the file says so."""
        values, environ = production(server=server)

        deployment = read_deployment(values | {"environment": environment}, environ)

        assert deployment.kept_answers == number
