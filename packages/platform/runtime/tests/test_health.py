"""Liveness, readiness and metrics."""

import pytest

from mercato_composition.deployment.reader import read_deployment
from mercato_database.runner import upgrade
from mercato_host import create_app
from mercato_kit.feature import Check, Feature

state = {"stock": None}


def _stock():
    if state["stock"] == "broken":
        raise ZeroDivisionError
    return state["stock"]


def _silent():
    return "It is silent."


feature = Feature(name="shelf", summary="For a test.", health=[Check("stock", _stock)])


@pytest.fixture(autouse=True)
def _healthy():
    """Start each test with a healthy feature."""
    state["stock"] = None


class TestAlive:
    def test_does_not_use_the_database(self, tmp_path):
        """/healthz answers 200 without a database."""
        url = "postgresql://shop:secret@127.0.0.1:1/none"
        values = {"environment": "testing", "database": {"url": url}}
        client = create_app(read_deployment(values)).test_client()

        assert client.get("/healthz").json == {"status": "alive"}


class TestReady:
    def test_if_all_checks_pass(self, client):
        """/readyz answers 200 if database, migrations and the features' checks are good."""
        answer = client.get("/readyz")

        assert answer.status_code == 200
        assert answer.json == {"status": "ready", "wrong": [], "left_out": []}

    def test_not_without_the_database(self):
        """Without the database it answers 503, and does not show the database's address."""
        url = "postgresql://shop:secret@127.0.0.1:1/none"
        values = {"environment": "testing", "database": {"url": url}}
        client = create_app(read_deployment(values)).test_client()

        answer = client.get("/readyz")

        assert answer.status_code == 503
        assert answer.json["wrong"] == [{"check": "database", "detail": "it does not answer"}]
        assert answer.headers["Retry-After"] == "1"

    def test_not_while_migrations_are_pending(self, tmp_path):
        """It answers 503 while this version needs migrations."""
        url = f"sqlite:///{tmp_path}/empty.db"
        values = {"environment": "testing", "database": {"url": url}}
        client = create_app(read_deployment(values)).test_client()

        answer = client.get("/readyz")

        assert answer.status_code == 503
        assert [one["check"] for one in answer.json["wrong"]] == ["migrations of kit"]

    def test_reports_an_internal_error_as_such(self, tmp_path, caplog):
        """An error while comparing migrations is logged, and not blamed on the database."""
        broken = Feature(name="shelf", summary="For a test.", migrations=tmp_path / "versions")
        values = {
            "environment": "testing",
            "database": {"url": f"sqlite:///{tmp_path}/empty.db"},
        }
        (tmp_path / "versions").mkdir()
        revision = tmp_path / "versions" / "0001_initial.py"
        revision.write_text('revision = "0001"\ndown_revision = None\n')
        client = create_app(read_deployment(values), features=[broken]).test_client()
        revision.unlink()
        revision.symlink_to(tmp_path / "gone")

        answer = client.get("/readyz")

        assert answer.status_code == 503
        assert answer.json["wrong"] == [
            {"check": "migrations", "detail": "the check itself failed"}
        ]
        assert [one.exc_info[0] for one in caplog.records] == [FileNotFoundError]

    @pytest.mark.parametrize(
        ("found", "detail"),
        [("It is empty.", "It is empty."), ("broken", "the check itself failed")],
    )
    def test_not_while_a_check_fails(self, client, found, detail):
        """It answers 503 if a feature's check returns a finding or raises an error."""
        state["stock"] = found

        answer = client.get("/readyz")

        assert answer.status_code == 503
        assert answer.json["wrong"] == [{"check": "shelf: stock", "detail": detail}]

    def test_while_a_check_that_is_not_required_fails(self, tmp_path):
        """A server that a feature can do without makes the deployment degraded, and no more."""
        far = Feature(
            name="far", summary="For a test.", health=[Check("tower", _silent, required=False)]
        )
        values = {
            "environment": "testing",
            "database": {"url": f"sqlite:///{tmp_path}/empty.db"},
        }

        app = create_app(read_deployment(values), features=[far])
        upgrade(app.config["SQLALCHEMY_DATABASE_URI"], [])
        answer = app.test_client().get("/readyz")

        assert (answer.status_code, answer.json["status"]) == (200, "degraded")
        assert answer.json["left_out"] == [{"feature": "far", "detail": "tower: It is silent."}]

    def test_names_what_was_left_out(self, tmp_path):
        """It lists the features that the deployment runs without."""
        values = {
            "environment": "testing",
            "database": {"url": f"sqlite:///{tmp_path}/empty.db"},
            "features": {"no_such_feature": {"required": False}},
        }

        answer = create_app(read_deployment(values)).test_client().get("/readyz")

        [left_out] = answer.json["left_out"]
        assert left_out["feature"] == "no_such_feature"
        assert left_out["detail"].startswith("K101: no installed distribution provides")
