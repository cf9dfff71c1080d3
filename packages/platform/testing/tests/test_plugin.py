import socket
from uuid import uuid4

import pytest
import sqlalchemy as sa

from mercato_database import history as migrations
from mercato_kit import services
from mercato_kit.db import engine, session
from mercato_kit.events import Event
from mercato_kit.feature import Feature, Offer
from mercato_kit.identity import IdentityProvider
from mercato_kit.outbox import publish
from mercato_testing.fakes import fake
from mercato_testing.network import ForbiddenAddressError
from mercato_testing.samples import notes
from mercato_testing.samples.notes import Effect, Note, add

from .tips import Tips

feature = notes.feature

pytest_plugins = ["pytester"]


def count_notes():
    """Count the notes."""
    return session.scalar(sa.select(sa.func.count()).select_from(Note))


class TestFeature:
    def test_is_the_modules(self, feature):
        """The feature under test is `feature` of the test's module."""
        assert feature.name == "notes"


class TestDatabase:
    def test_is_of_each_kind(self, request, database):
        """A test that uses the database runs on both kinds."""
        kind = request.node.callspec.params["database"]

        assert database.kind == kind
        assert sa.make_url(database.url).get_backend_name() == kind

    @pytest.mark.parametrize("time", [1, 2])
    def test_starts_without_rows(self, app, commit, time):
        """A test does not see rows that another one committed."""
        before = commit(count_notes)

        commit(add, f"note {time}")

        assert (before, commit(count_notes)) == (0, 1)

    def test_is_migrated(self, app, feature):
        """The tables are those of the migrations."""
        with app.app_context(), engine().connect() as connection:
            assert migrations.behind(connection, [feature]) == []

    @pytest.mark.parametrize("time", [1, 2])
    def test_is_reset_despite_open_transactions(self, app, time):
        """A test that leaves a transaction open does not block the next one."""
        for connection in LEFT_OPEN:
            connection.invalidate()
        with app.app_context():
            connection = engine().connect()

        connection.execute(
            sa.insert(Effect).values(id=uuid4(), handler="x", event_id=uuid4(), process=1)
        )
        LEFT_OPEN.append(connection)

        assert connection.in_transaction()


LEFT_OPEN = []


class TestApp:
    def test_is_the_same_for_tests_alike(self, app, request):
        """Tests that need the same app share it."""
        remembered = request.config.stash.setdefault(APPS, {})
        kind = request.node.callspec.params["database"]

        assert remembered.setdefault(kind, app) is app

    test_is_still_the_same = test_is_the_same_for_tests_alike


APPS = pytest.StashKey[dict]()


class TestClient:
    def test_sends_a_key_with_each_post(self, charlie):
        """A POST without Idempotency-Key gets a new one."""
        first = charlie.post("/v1/notes", json={"text": "first"})
        second = charlie.post("/v1/notes", json={"text": "second"})

        assert (first.status_code, second.status_code) == (201, 201)

    def test_leaves_a_key_alone(self, charlie):
        """A test can set the key, or send none with an empty one."""
        none = charlie.post("/v1/notes", json={"text": "x"}, headers={"Idempotency-Key": ""})

        assert none.json["code"] == "idempotency_key_required"


class TestCast:
    def test_alice_has_no_permissions(self, alice):
        """A customer gets 403 where a permission is required."""
        assert alice.post("/v1/notes", json={"text": "x"}).status_code == 403

    def test_a_guest_is_unknown(self, client):
        """A client without a token gets 401."""
        assert client.post("/v1/notes", json={"text": "x"}).status_code == 401

    def test_people_have_different_ids(self, alice, bob, charlie):
        """alice, bob and charlie have different ids."""
        assert len({alice.sub, bob.sub, charlie.sub}) == 3

    def test_as_user_uses_its_arguments(self, as_user):
        """as_user makes a person with the given id, address and permissions."""
        sub = uuid4()

        zoe = as_user(sub=sub, email="zoe@example.com", permissions=["notes.write"])

        assert (zoe.sub, zoe.principal.email) == (sub, "zoe@example.com")
        assert zoe.post("/v1/notes", json={"text": "x"}).status_code == 201

    def test_refuses_other_tokens(self, client):
        """A token of another format gets 401."""
        refused = client.post("/v1/notes", json={}, headers={"Authorization": "Bearer garbage"})

        assert refused.status_code == 401


class TestFewerPermissions:
    @pytest.fixture
    def permissions(self):
        """No permissions for charlie."""
        return ()

    def test_charlie_has_those_of_the_fixture(self, charlie):
        """A test that overrides `permissions` sets charlie's permissions."""
        assert charlie.post("/v1/notes", json={"text": "x"}).status_code == 403


class OtherIdentity:
    def authenticate(self, token):
        """Fail: this test sends no token."""
        raise AssertionError(token)


class TestFakes:
    @pytest.fixture
    def fakes(self):
        """An offer of another identity provider, and a manifest."""
        metadata = sa.MetaData()
        sa.Table("extra_thing", metadata, sa.Column("id", sa.Integer, primary_key=True))
        extra = Feature(name="extra", summary="Extra.", metadata=metadata)
        return [Offer(IdentityProvider, "1.0", OtherIdentity), extra]

    def test_are_composed(self, app, commit):
        """Offers and manifests are composed, with their tables."""
        assert [one.name for one in app.extensions["mercato"].features] == [
            "extra",
            "fakes",
            "notes",
        ]
        assert commit(lambda: session.execute(sa.text("SELECT id FROM extra_thing")).all()) == []

    def test_another_identity_makes_its_own_tokens(self, app, request):
        """as_user is refused if another provider offers the identity contract."""
        with pytest.raises(pytest.UsageError, match="identity contract"):
            request.getfixturevalue("as_user")


class TestStaged:
    def test_composes_what_a_test_adds(self, staged):
        """A test adds offers and a whole feature, and says who answers, in which order."""
        extra = Feature(name="extra", summary="Extra.", offers=[fake(Tips, tip="real")])
        near = fake(Tips, name="near", tip=lambda: "near")

        shop = staged(near, extra, capabilities={"tips": ["near", "extra"]})

        with shop.app.app_context():
            found = [(one.name, one.provider.tip()) for one in services.each(Tips)]
        assert found == [("near", "near"), ("extra", "real")]
        assert len(shop.app.extensions["mercato"].features) == 3

    def test_has_what_fixtures_give(self, staged, database):
        """Clients, a unit of work and a counter are those of the staged app."""
        shop = staged(Feature(name="extra", summary="Extra."))
        made = shop.commit(add, "first")

        with shop.statements as sent:
            seen = shop.client.get("/v1/notes").json

        assert [one["text"] for one in seen["data"]] == [made.text]
        assert len(sent) == 1, sent
        assert (
            shop.as_user(permissions=["notes.write"])
            .post("/v1/notes", json={"text": "x"})
            .status_code
            == 201
        )
        with shop.app.app_context():
            assert engine().dialect.name == database.kind


class TestFake:
    def test_is_bound(self):
        """A member that cannot be called as the contract says is refused when the fake is made."""
        with pytest.raises(TypeError, match=r"tips\.tip"):
            fake(Tips, tip=lambda wanted: wanted)
        with pytest.raises(TypeError, match="has no top"):
            fake(Tips, top="x")

    def test_fails_where_it_was_given_nothing(self):
        """A method of which the test said nothing fails."""
        with pytest.raises(AssertionError, match=r"tip\(\)"):
            fake(Tips).factory().tip()


class TestCommit:
    def test_returns_the_result(self, commit):
        """Rows are committed, and can be used afterwards."""
        note = commit(add, "kept", stars=2)

        assert (note.text, note.stars, commit(count_notes)) == ("kept", 2, 1)

    def test_rolls_back_after_an_error(self, commit):
        """The rows of a function that raises are rolled back."""

        def fail():
            add("lost")
            raise LookupError

        with pytest.raises(LookupError):
            commit(fail)

        assert commit(count_notes) == 0


class TestStatements:
    def test_counts_those_of_the_app(self, client, statements):
        """The statements of a request are counted, from 0 in each block."""
        for _ in range(2):
            with statements as sent:
                client.get("/v1/notes")

            assert len(sent) == 1, sent


class TestOutbox:
    def test_reads_events_by_topic(self, commit, outbox):
        """Published events are returned in order, and can be selected by topic."""
        commit(add, "one")
        commit(add, "two")

        assert [event.payload["text"] for event in outbox("note.added")] == ["one", "two"]
        assert outbox("note.removed") == []
        assert len(outbox()) == 2

    def test_keeps_the_whole_event(self, commit, outbox):
        """An event is returned as it was published, with the version of its payload."""
        event = Event(
            topic="note.moved",
            aggregate_type="note",
            aggregate_id=uuid4(),
            aggregate_version=3,
            payload={"to": "shelf"},
            version=2,
        )

        commit(publish, event)

        assert outbox("note.moved") == [event]


class TestRunWorker:
    def test_does_what_is_due(self, commit, run_worker):
        """Handlers and jobs run until nothing is due."""
        commit(add, "new")
        for number in range(3):
            commit(add, f"old {number}")

        tally = run_worker()

        assert (tally.delivered, tally.failed, commit(count_notes)) == (8, 0, 1)


class TestNetwork:
    def test_is_guarded(self):
        """A test that connects to another machine gets an error."""
        with socket.socket() as somewhere, pytest.raises(ForbiddenAddressError):
            somewhere.connect(("192.0.2.1", 80))


class TestFeatureFixture:
    def test_says_how_to_name_a_feature(self, pytester):
        """Without a feature, the error says what to add to which file."""
        pytester.makepyfile("def test_it(client): pass")

        result = pytester.runpytest("-p", "no:cacheprovider")

        result.stdout.fnmatch_lines(["*no feature under test: add*"])
