"""The page /composition: who sees it, what it shows, and what it never shows."""

import dataclasses
import re
from typing import Annotated

import pytest
import sqlalchemy as sa
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from msgspec import Meta, field

from mercato_composition.commands.frame import mercato
from mercato_composition.deployment.reader import read_deployment
from mercato_database.runner import upgrade
from mercato_host import create_app
from mercato_kit import work
from mercato_kit.db import engine, new_id, session, utc_now
from mercato_kit.events import Event
from mercato_kit.feature import Check, Feature, Need, Offer
from mercato_kit.keys import signing_secrets
from mercato_kit.models import InboxDelivery
from mercato_kit.outbox import publish
from mercato_kit.settings import Secret, Settings
from mercato_runtime.composition import access
from mercato_runtime.composition.deliveries import read_waiting
from mercato_testing.samples import notes
from mercato_testing.samples.wheels import GOOD, install
from mercato_testing.statements import StatementCounter

AWAY = "postgresql://shop:hunter2@127.0.0.1:1/none?password=hunter2"
MARKER = "hunter2"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class NotesSettings(Settings, frozen=True):
    password: Annotated[Secret | None, Meta(description="A secret")] = None
    address: str = "https://example.org"
    mirrors: Annotated[list[str], Meta(description="URLs")] = field(default_factory=list)
    table: Annotated[dict[str, str], Meta()] = field(default_factory=dict)


class Ink:
    """A contract."""


def supply():
    """Return a provider of Ink."""
    return Ink()


@pytest.fixture
def boot(tmp_path):
    """A function that makes the client of an app with a migrated database."""

    def boot(*features, environment="development", tables=None, migrated=True):
        url = f"sqlite:///{tmp_path}/shop.db"
        values = {"environment": environment, "database": {"url": url}, **(tables or {})}
        app = create_app(read_deployment(values), features=features)
        if migrated:
            upgrade(app.config["SQLALCHEMY_DATABASE_URI"], features)
        return app.test_client()

    return boot


def conditions(client):
    """Return the status and the reason of each condition, by name."""
    found = client.get("/composition").json["conditions"]
    return {it["name"]: (it["status"], it["reason"]) for it in found}


class TestWhoMaySeeIt:
    def test_everyone_in_development(self, boot):
        """In development the page is open, and is stored nowhere."""
        answer = boot().get("/composition")

        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["Vary"] == "Accept"

    @pytest.mark.parametrize("path", ["", "/notes", "/graph.svg"])
    def test_holders_of_the_permission_elsewhere(self, client, as_user, path):
        """Elsewhere guests get 401, others 403, and holders of host.read the page."""
        clients = [client, as_user(), as_user(permissions=["host.read"])]

        answers = [one.get(f"/composition{path}") for one in clients]

        assert [it.status_code for it in answers] == [401, 403, 200]
        assert answers[0].json["code"] == "unauthenticated"
        assert all("no-store" in it.headers["Cache-Control"] for it in answers)

    def test_browsers_read_how_to_get_in(self, client):
        """A browser without a cookie gets a page that names the command."""
        refused = client.get("/composition", headers=BROWSER)

        assert (refused.status_code, refused.mimetype) == (401, "text/html")
        assert "mercato composition --link" in refused.text
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")

    def test_the_permission_can_be_held_by_a_role(self, app):
        """The permission is one of the app's, so that a role can have it."""
        composition = app.extensions["mercato"]

        assert "host.read" in composition.permissions


feature = notes.feature


class TestLink:
    def test_opens_the_page_once_for_an_hour(self, app):
        """The address sets a strict cookie for the page only, and works a single time."""
        browser, other = app.test_client(), app.test_client()
        with app.app_context():
            address = f"/composition/link/{access.make_token()}"

        assert browser.head(address).status_code == 303
        assert browser.get("/composition").status_code == 401
        entered = browser.get(address)

        assert (entered.status_code, entered.headers["Location"]) == (303, "/composition")
        cookie = entered.headers["Set-Cookie"]
        assert all(
            it in cookie for it in ("Path=/composition", "HttpOnly", "SameSite=Strict", "3600")
        )
        assert browser.get("/composition").status_code == 200
        assert browser.get("/composition/notes").status_code == 200
        refused = other.get(address)
        assert (refused.status_code, refused.json["code"]) == (403, "link_spent")
        assert other.get("/composition").status_code == 401

    @pytest.mark.parametrize("kind", ["forged", "a cookie"])
    def test_needs_our_signature(self, app, kind):
        """A token of another key, or one made for another purpose, is refused."""
        with app.app_context():
            token = "x.y.z" if kind == "forged" else access._signer("cookie").dumps("reader")

        assert app.test_client().get(f"/composition/link/{token}").status_code == 403

    @pytest.mark.parametrize(("age", "status"), [(299, 303), (301, 403), (-60, 403)])
    def test_ends_after_five_minutes(self, app, age, status):
        """An address works for 5 minutes; one that was signed in the future is refused."""
        with app.app_context():
            token = aged("link", age).dumps("a nonce")

        assert app.test_client().get(f"/composition/link/{token}").status_code == status

    @pytest.mark.parametrize(("age", "status"), [(3599, 200), (3601, 401)])
    def test_lets_in_for_an_hour(self, app, age, status):
        """The signature of a cookie ends with it: a copy that is kept longer is worth nothing."""
        client = app.test_client()
        with app.app_context():
            client.set_cookie(access.COOKIE, aged("cookie", age).dumps("reader"))

        assert client.get("/composition").status_code == status

    def test_is_sent_over_https_only_where_there_is_https(self, app):
        """Behind TLS the cookie is not sent in clear."""
        with app.app_context():
            token = access.make_token()

        entered = app.test_client().get(f"/composition/link/{token}", base_url="https://x.example")

        assert "Secure" in entered.headers["Set-Cookie"]


def aged(purpose, seconds):
    """Return a signer whose clock is *seconds* behind."""

    class Signer(TimestampSigner):
        def get_timestamp(self):
            return super().get_timestamp() - seconds

    return URLSafeTimedSerializer(signing_secrets("host.read"), salt=purpose, signer=Signer)


class TestWhatItShows:
    def test_how_features_fit(self, boot):
        """Features, contracts and the graph say who needs and offers what."""
        pen = Feature(name="pen", summary="Writes.", needs=[Need(Ink, ">=1,<2")])
        well = Feature(name="well", summary="Holds.", offers=[Offer(Ink, "1.0", supply)])
        client = boot(pen, well)

        shown = client.get("/composition").json

        assert [it["name"] for it in shown["features"]] == ["well", "pen"]
        assert shown["features"][1]["needs"] == [
            {
                "contract": "test_composition",
                "versions": ">=1,<2",
                "answered_by": "well",
                "optional": False,
            }
        ]
        assert shown["contracts"] == [
            {
                "contract": "test_composition",
                "version": "1.0",
                "offered_by": "well",
                "needed_by": ["pen"],
                "origin": None,
            }
        ]
        page = client.get("/composition", headers=BROWSER)
        assert page.text.count("<rect") == 4
        assert 'role="img"' in page.text
        assert client.get("/composition/pen", headers=BROWSER).status_code == 200
        assert client.get("/composition/no_such").status_code == 404

    def test_a_large_graph_as_a_file(self, boot):
        """Above 40 nodes the page leads to the graph, and a feature shows what is around it."""
        many = [
            Feature(name=f"part{number}", summary="A part.", needs=[Need(Ink, ">=1")])
            for number in range(40)
        ]
        client = boot(*many, Feature(name="well", summary="X.", offers=[Offer(Ink, "1.0", supply)]))

        page = client.get("/composition", headers=BROWSER)

        assert 'class="graph"' not in page.text
        assert "/composition/graph.svg" in page.text
        image = client.get("/composition/graph.svg")
        assert (image.mimetype, image.text.count("<text")) == ("image/svg+xml", 42)
        around = client.get("/composition/part7", headers=BROWSER).text
        assert (around.count('<text class="feature"'), around.count('<text class="contract"')) == (
            2,
            1,
        )

    def test_what_was_left_out(self, boot):
        """A feature that could not be composed is listed with the reason, and nothing fits."""
        client = boot(tables={"features": {"no_such": {"required": False}}})

        shown = client.get("/composition").json

        assert [it["feature"] for it in shown["left_out"]] == ["no_such"]
        assert shown["left_out"][0]["reason"].startswith("K101")
        assert conditions(client)["Fits"] == ("false", "LeftOut")
        assert client.get("/composition/no_such").json["state"] == "left out"

    def test_text_as_text(self, boot):
        """What a feature says of itself is not HTML."""
        client = boot(Feature(name="sly", summary="<script>alert(1)</script> & <b>more</b>"))

        pages = [
            client.get(path, headers=BROWSER).text
            for path in ("/", "/composition", "/composition/sly")
        ]

        assert all("&lt;script&gt;" in it and "<script" not in it for it in pages)

    def test_conditions_of_a_good_deployment(self, boot):
        """All is true; what only production has is unknown elsewhere."""
        assert conditions(boot(notes.feature)) == {
            "Fits": ("true", "Composed"),
            "Migrated": ("true", "UpToDate"),
            "Ready": ("true", "ChecksPass"),
            "Delivering": ("true", "UpToDate"),
            "Safe": ("unknown", "NotProduction"),
        }

    def test_pending_migrations(self, boot):
        """Before the migrations have run, the page answers and says so."""
        client = boot(notes.feature, migrated=False)

        assert conditions(client)["Migrated"] == ("false", "Pending")
        assert client.get("/composition").json["events"] is None

    def test_a_failing_check(self, boot):
        """A check that fails is shown at its feature and as a condition."""
        ill = Feature(name="ill", summary="X.", health=[Check("pulse", lambda: "It is weak.")])

        client = boot(ill)

        assert conditions(client)["Ready"] == ("false", "ChecksFail")
        [shown] = client.get("/composition").json["features"]
        assert shown["health"] == "ill: pulse: It is weak."


class TestEvents:
    def test_by_state_with_the_last_error(self, app, as_user, commit, run_worker):
        """Delivered, waiting and parked deliveries are counted; a failure shows its error."""
        commit(notes.add, "good")
        run_worker()
        commit(notes.add, "fail for eve@example.com")
        run_worker()
        commit(leave_for, "gone.handler")
        reader = as_user(permissions=["host.read"])

        rows = {it["handler"]: it for it in reader.get("/composition").json["events"]}

        failing, gone = rows["notes.write_down"], rows["gone.handler"]
        assert (failing["delivered"], failing["waiting"], failing["parked"]) == (1, 1, 0)
        assert failing["attempts"] == 1
        assert failing["last_error"] == "ValueError: this note cannot be written down"
        assert (gone["waiting"], gone["parked"]) == (0, 1)
        assert conditions(reader)["Delivering"] == ("false", "Parked")
        jobs = {it["job"]: it for it in reader.get("/composition").json["jobs"]}
        assert jobs["notes.forget_old_notes"]["succeeded"] >= 1

    def test_errors_are_read_at_once(self, app, commit):
        """The errors of several handlers take one statement, and each shows its newest."""
        for handler in ("gone.one", "gone.two"):
            commit(leave_for, handler)
            commit(leave_for, handler)
        commit(leave_errors)
        with app.app_context():
            with StatementCounter(engine()) as sent:
                rows = {it.handler: it.last_error for it in read_waiting()}
            session.remove()

        assert (rows["gone.one"], rows["gone.two"]) == ("gone.one failed", "gone.two failed")
        assert len(sent) == 2


def leave_errors():
    """Let each delivery have failed."""
    failed = InboxDelivery.consumer.concat(" failed")
    session.execute(sa.update(InboxDelivery).values(attempts=1, last_error=failed))


def leave_for(consumer):
    """Publish an event that waits for a handler which is not composed."""
    event = Event(topic="far", aggregate_type="x", aggregate_id=new_id(), aggregate_version=1)
    publish(event)
    session.flush()
    now = utc_now()
    row = {"consumer": consumer, "event_id": event.id, "attempts": 0, "next_attempt_at": now}
    session.execute(sa.insert(InboxDelivery).values(row))


class TestSecrets:
    def test_are_never_shown(self, boot):
        """No secret, userinfo, query, payload, address or second line of an error is shown."""
        own = {
            "password": MARKER,
            "address": f"https://eve:{MARKER}@example.org/x?token={MARKER}",
            "mirrors": [f"https://{MARKER}@example.org"],
            "table": {"one": f"amqp://eve:{MARKER}@example.org"},
        }
        tables = {
            "secret_key": MARKER * 8,
            "redis": {"url": f"redis://:{MARKER}@127.0.0.1:1/0"},
            "index": {"url": f"https://eve:{MARKER}@example.org/simple?key={MARKER}"},
            "features": {
                "no_such": {"required": False, "settings": {"anything": MARKER}},
            },
        }
        client = boot(
            dataclasses.replace(notes.feature, settings=NotesSettings),
            tables=tables | {"features": {**tables["features"], "notes": {"settings": own}}},
        )
        with client.application.app_context():
            work.run(
                lambda: leave_an_error(f"Error: {MARKER}@example.org https://{MARKER}@x\n{MARKER}")
            )

        pages = [
            client.get(path, headers=headers).text
            for path in ("/composition", "/composition/notes", "/composition/no_such", "/")
            for headers in ({}, BROWSER)
        ]

        assert [page for page in pages if MARKER in page] == []
        assert "Error: …" in pages[0]


def leave_an_error(text):
    """Publish an event with a secret, whose delivery failed with *text*."""
    notes.add(MARKER)
    session.flush()
    session.execute(sa.update(InboxDelivery).values(attempts=1, last_error=text))


class TestWithoutTheDatabase:
    @pytest.mark.parametrize("headers", [{}, BROWSER])
    def test_is_shown_with_unknowns(self, headers):
        """The page answers 200 while the database is away; what it would say is unknown."""
        values = {"environment": "development", "database": {"url": AWAY}}
        client = create_app(read_deployment(values), features=[notes.feature]).test_client()

        answer = client.get("/composition", headers=headers)

        assert answer.status_code == 200
        assert MARKER not in answer.text
        if headers:
            assert "Unknown" in answer.text
        else:
            assert (answer.json["events"], answer.json["jobs"]) == (None, None)
            assert answer.json["features"][0]["tables"]["database"] == "unknown"
            assert conditions(client)["Migrated"] == ("unknown", "DatabaseAway")

    def test_a_cookie_is_enough(self, app):
        """A browser that has entered sees the page while the database is away."""
        values = {"environment": "testing", "database": {"url": AWAY}}
        away = create_app(read_deployment(values))
        with away.app_context():
            cookie = access._signer("cookie").dumps("reader")
        client = away.test_client()
        client.set_cookie(access.COOKIE, cookie, path="/composition")

        assert client.get("/composition").status_code == 200


class TestCommand:
    @pytest.fixture
    def run(self, tmp_path, wheels, capsys):
        """A function that runs ``mercato composition`` for a deployment with one feature."""
        install(
            wheels,
            "shelf",
            GOOD.format(name="shelf"),
        )
        file = tmp_path / "deployment.toml"
        url = f"sqlite:///{tmp_path}/shop.db"
        file.write_text(
            f'environment = "testing"\n[database]\nurl = "{url}"\n[features.shelf]\n'
            f"[server]\nport = 5003\n"
        )
        upgrade(url, [])

        def run(*words):
            with pytest.raises(SystemExit) as ended:
                mercato.main([f"--deployment={file}", "composition", *words], prog_name="mercato")
            assert ended.value.code == 0
            return capsys.readouterr().out

        return run

    def test_prints_conditions_and_features(self, run):
        """Without options it prints a line for each condition and feature."""
        printed = run()

        assert re.search(r"^Migrated +true ", printed, re.MULTILINE)
        assert re.search(r"^shelf +composed +For a test\.$", printed, re.MULTILINE)

    def test_prints_an_address_of_this_server(self, run):
        """--link prints the address with the port of the file."""
        assert run("--link").startswith("http://127.0.0.1:5003/composition/link/")

    def test_writes_a_file_that_needs_no_server(self, run, tmp_path):
        """--html writes one file, which has its style in it and is private."""
        run("--html", str(tmp_path / "it.html"))

        text = (tmp_path / "it.html").read_text()
        assert "<style>" in text
        assert not re.findall(r'(?:href|src)="/', text)
        assert (tmp_path / "it.html").stat().st_mode & 0o077 == 0
