"""`create_app` makes an app of a deployment."""

import socket
import subprocess
import sys
import time
from collections import Counter
from http.client import HTTPConnection

import click
import pytest

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.faults import DeploymentError
from mercato_host import create_app
from mercato_kit import services
from mercato_kit.db import engine
from mercato_kit.errors import Conflict, Unavailable
from mercato_kit.feature import Feature, Offer
from mercato_kit.http import Blueprint
from mercato_kit.policies import anyone
from mercato_kit.settings import Settings, current_settings
from mercato_testing.samples.wheels import GOOD, install


class Colour:
    """A contract, implemented by itself."""

    def name(self):
        """Return the name of the colour."""
        return "red"


class Paint(Settings, frozen=True):
    litres: int = 1


def paints(name="paints", **parts):
    """Return a feature with one route."""
    blueprint = Blueprint(name, __name__, url_prefix="/v1")

    @blueprint.get(f"/{name}", allow=anyone)
    @blueprint.response(200)
    def look():
        """Read the colour"""
        colour = services.find(Colour)
        return {"colour": colour and colour.name(), "litres": current_settings(Paint).litres}

    return Feature(
        name=name, summary="For a test.", blueprints=[blueprint], settings=Paint, **parts
    )


def deployment(tmp_path, **values):
    """Return a testing deployment whose database does not exist yet."""
    url = f"sqlite:///{tmp_path}/shop.db"
    return read_deployment({"environment": "testing", "database": {"url": url}, **values})


class TestCreateApp:
    def test_takes_a_file(self, tmp_path, wheels):
        """The path of a deployment file is enough."""
        install(wheels, "reviews", GOOD.format(name="reviews"))
        path = tmp_path / "deployment.toml"
        path.write_text('environment = "testing"\n[features.reviews]\n')

        app = create_app(path)

        assert [one.name for one in app.extensions["mercato"].features] == ["reviews"]

    def test_takes_a_mapping_shaped_like_the_file(self, tmp_path):
        """Tables and values as in the file; the environment does not override them."""
        tables = {
            "environment": "testing",
            "database": {"url": f"sqlite:///{tmp_path}/shop.db"},
            "features": {"paints": {"settings": {"litres": 5}}},
        }

        client = create_app(tables, features=[paints()]).test_client()

        assert client.get("/v1/paints").json["litres"] == 5

    def test_config_is_laid_over_the_rest(self, tmp_path):
        """Flask settings from the caller override those of environment and file."""
        tables = {"environment": "testing", "database": {"url": f"sqlite:///{tmp_path}/shop.db"}}
        other = f"sqlite:///{tmp_path}/other.db"

        app = create_app(tables, config={"SQLALCHEMY_DATABASE_URI": other, "TESTING": False})

        with app.app_context():
            assert str(engine().url) == other
        assert app.testing is False

    def test_opens_no_connection(self, tmp_path):
        """The app can be made before its database exists."""
        create_app(deployment(tmp_path), features=[paints()])

        assert not (tmp_path / "shop.db").exists()

    def test_registers_services_and_settings(self, tmp_path):
        """Services and settings of a manifest are available in requests."""
        group = click.Group("paints")
        offer = Offer(Colour, "1.0", Colour)

        app = create_app(
            deployment(tmp_path, features={"paints": {"settings": {"litres": 5}}}),
            features=[paints(offers=[offer], cli=group)],
        )

        assert app.test_client().get("/v1/paints").json == {"colour": "red", "litres": 5}
        # Commands have a unit of work only if ``mercato`` runs them.
        assert "paints" not in app.cli.commands

    def test_what_does_not_fit_is_refused_whole(self, tmp_path):
        """No app is made if one of the features has a fault."""
        blueprint = Blueprint("bad", __name__)

        @blueprint.get("/bad")
        def bad():
            """Have no policy"""

        open_to_nobody = Feature(name="bad", summary="For a test.", blueprints=[blueprint])

        with pytest.raises(DeploymentError) as refused:
            create_app(deployment(tmp_path), features=[paints(), open_to_nobody])

        assert [fault.code for fault in refused.value.faults] == ["K106"]

    def test_a_route_past_the_manifest_is_refused(self, tmp_path):
        """A route that a blueprint adds without the kit has no policy, so no app is made."""
        feature = paints()
        blueprint = feature.blueprints[0]
        blueprint.add_url_rule("/paints", view_func=len, methods=["PUT"])

        with pytest.raises(DeploymentError) as refused:
            create_app(deployment(tmp_path), features=[feature])

        [fault] = refused.value.faults
        assert (fault.code, fault.where) == ("K106", "PUT /v1/paints")

    def test_never_installs_in_production(self):
        """`install=True` is refused in production."""
        environ = {"MERCATO_SECRET_KEY": "0123456789abcdef0123456789abcdef"}
        production = read_deployment({"environment": "production"}, environ)

        with pytest.raises(DeploymentError, match="servers only verify"):
            create_app(production, install=True)


LIMITED = {"requests_per_minute": 1000}


class TestTwoApps:
    def test_share_nothing(self, tmp_path):
        """Two apps share no routes, services, settings, limits and documents."""
        one = create_app(
            deployment(tmp_path, features={"paints": {"settings": {"litres": 2}}}, server=LIMITED),
            features=[paints(offers=[Offer(Colour, "1.0", Colour)])],
        )
        other = create_app(
            deployment(tmp_path, server=LIMITED), features=[paints(), paints("oils")]
        )

        answers = [app.test_client().get("/v1/paints").json for app in (one, other)]

        assert answers == [{"colour": "red", "litres": 2}, {"colour": None, "litres": 1}]
        assert one.test_client().get("/v1/oils").status_code == 404
        documents = [app.test_client().get("/openapi.json").json["paths"] for app in (one, other)]
        assert [sorted(paths) for paths in documents] == [
            ["/v1/paints"],
            ["/v1/oils", "/v1/paints"],
        ]
        assert one.extensions["limiter"].isdisjoint(other.extensions["limiter"])


class TestRateLimits:
    def test_say_when_to_retry_in_refusals_only(self, tmp_path):
        """Retry-After stands on a 429; other responses keep their own, such as 1 of a 503."""
        blueprint = Blueprint("door", __name__)

        @blueprint.get("/door/<state>", allow=anyone)
        @blueprint.response(200)
        def knock(state):
            """Knock at the door"""
            if state == "stuck":
                raise Unavailable(retry_after_seconds=1)
            if state == "locked":
                raise Conflict
            return {}

        feature = Feature(name="door", summary="For a test.", blueprints=[blueprint])
        limited = deployment(tmp_path, server={"requests_per_minute": 3})
        client = create_app(limited, features=[feature]).test_client()

        answers = [client.get(f"/door/{state}") for state in ("open", "locked", "stuck", "open")]

        assert [answer.status_code for answer in answers] == [200, 409, 503, 429]
        *waits, wait = [answer.headers.get("Retry-After") for answer in answers]
        assert waits == [None, None, "1"]
        assert 0 <= int(wait) <= 60
        assert answers[0].headers["X-RateLimit-Limit"] == "3"
        assert "X-RateLimit-Retry-After" not in answers[-1].headers

    @pytest.mark.parametrize("limits", [{"requests_per_minute": 9}, {"open_writes_per_minute": 9}])
    def test_cost_nothing_where_there_is_no_limit(self, tmp_path, limits):
        """Flask-Limiter does not run for the health endpoints; Flask has no hooks to call."""
        app = create_app(deployment(tmp_path, server=limits))
        client = app.test_client()
        called = Counter()

        def count(frame, event, _argument):
            called[frame.f_globals.get("__name__", "").partition(".")[0]] += event == "call"

        sys.setprofile(count)
        try:
            status = client.get("/healthz").status_code
        finally:
            sys.setprofile(None)

        assert status == 200
        assert called["mercato_host"] > 0
        assert called["flask_limiter"] == 0
        assert app.before_request_funcs == {}
        assert app.after_request_funcs == {}

    def test_of_open_writes_are_not_for_reads(self, tmp_path):
        """Where only open writes are limited, reads are neither counted nor refused."""
        blueprint = Blueprint("door", __name__)

        @blueprint.get("/door", allow=anyone)
        @blueprint.response(200)
        def look():
            """Look at the door"""
            return {}

        @blueprint.post("/door", allow=anyone)
        @blueprint.response(200)
        def knock():
            """Knock at the door"""
            return {}

        feature = Feature(name="door", summary="For a test.", blueprints=[blueprint])
        limited = deployment(tmp_path, server={"open_writes_per_minute": 1})
        client = create_app(limited, features=[feature]).test_client()

        writes = [client.post("/door") for _ in range(2)]
        reads = [client.get("/door") for _ in range(2)]

        assert [answer.status_code for answer in (*writes, *reads)] == [200, 429, 200, 200]
        assert writes[0].headers["X-RateLimit-Limit"] == "1"
        assert "X-RateLimit-Limit" not in reads[0].headers


class TestOptionalFeature:
    def test_answers_503_while_it_is_away(self, tmp_path):
        """URLs of a feature that was left out answer 503, not 404."""
        bad = {"paints": {"required": False, "settings": {"litres": "many"}}}

        client = create_app(deployment(tmp_path, features=bad), features=[paints()]).test_client()

        refused = client.get("/v1/paints")
        assert refused.status_code == 503
        assert refused.mimetype == "application/problem+json"
        assert (refused.json["feature"], refused.json["state"]) == ("paints", "disabled")


def ask(port, path):
    """Return the response of a local server that may still be starting."""
    for _ in range(200):
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        except ConnectionRefusedError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError(f"no response at port {port}")


class TestImport:
    def test_boots_nothing(self, tmp_path):
        """`from mercato_host import *` gives `create_app`, and reads no deployment file."""
        script = "from mercato_host import *; print([name for name in dir() if name[0] != '_'])"

        ended = subprocess.run(
            [sys.executable, "-c", script],
            env={"MERCATO_DEPLOYMENT": str(tmp_path / "missing.toml")},
            capture_output=True,
            text=True,
            check=False,
        )

        assert (ended.stderr, ended.stdout) == ("", "['create_app']\n")


class TestApp:
    def test_serves_on_its_own(self, tmp_path):
        """`python -m mercato_host.app` answers where the deployment file says."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        path = tmp_path / "deployment.toml"
        path.write_text(f'environment = "testing"\n[server]\nport = {port}\n')
        environ = {"MERCATO_DEPLOYMENT": str(path), "MERCATO_DATABASE__URL": "sqlite:///none.db"}
        command = [sys.executable, "-m", "mercato_host.app"]

        with subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL) as server:
            try:
                answer = ask(port, "/healthz")
            finally:
                server.terminate()

        assert answer == b'{"status":"alive"}\n'

    @pytest.mark.parametrize(
        "command", [["-m", "mercato_host.app"], ["-c", "import mercato_host.app"]]
    )
    def test_prints_what_does_not_fit(self, tmp_path, command):
        """A server that cannot start prints the faults, without a traceback, and exits with 2."""
        path = tmp_path / "deployment.toml"
        path.write_text('environment = "testing"\n[features.no_such_feature]\n')

        ended = subprocess.run(
            [sys.executable, *command],
            env={"MERCATO_DEPLOYMENT": str(path)},
            capture_output=True,
            text=True,
            check=False,
        )

        assert ended.returncode == 2
        assert ended.stderr.startswith("error[K101] deployment.toml:2:1\n")
        assert "Traceback" not in ended.stderr
