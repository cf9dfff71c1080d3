"""What `[server]`, `[logging]` and `[deploy]` may not say."""

import pytest

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.faults import DeploymentError
from mercato_host import create_app
from mercato_kit.feature import Feature
from mercato_kit.http import Blueprint
from mercato_kit.policies import anyone, signed_in

from .unsafe_deployments import (
    faults_of,
    production,
)


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
