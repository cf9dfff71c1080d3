"""Requests beside features that have data and are not composed."""

import pytest
import sqlalchemy as sa

from mercato_database import privacy as engine
from mercato_database.privacy.findings import stuck
from mercato_kit import privacy, work
from mercato_kit.db import session, utc_now
from mercato_kit.models import KnownFeature
from mercato_testing.stage import close, make_app, set_up

from . import persons
from .persons import make_due, make_person

feature = persons.accounts


@pytest.fixture
def fakes():
    """The features that refer to accounts."""
    return [persons.letters, persons.parcels]


@pytest.fixture
def old_app(database):
    """An app on the same database without letters."""
    app = make_app(set_up(persons.accounts, [persons.parcels], {}), database.url)
    yield app
    close(app)


@pytest.fixture
def request_id(old_app, commit):
    """A request that was run without letters, which has data."""
    commit(know_letters)
    id_ = commit(privacy.request, "erase", commit(make_person))
    run(old_app, id_)
    return id_


def know_letters():
    """Write letters into the ledger, as their migrations do."""
    entry = KnownFeature(feature="letters", tables=["letters_letter"], schema_head="0001")
    entry.revisions, entry.referents, entry.soft_references = {}, {}, {}
    entry.first_seen_at = entry.last_seen_at = utc_now()
    session.add(entry)


def run(app, request_id):
    """Run a request twice, with time in between; return its status and that of letters."""
    for _ in range(2):
        with app.app_context():
            engine.run(request_id)
            work.run(make_due)
    with app.app_context():
        found = privacy.get(request_id)
        letters = [step.status for step in found.steps if step.feature == "letters"]
        return found.status, *letters


class TestAbsent:
    @pytest.mark.provokes("K314")
    def test_keeps_the_request_open(self, commit, request_id, texts):
        """The other features erase; the request waits, and the doctor says for what."""
        found = commit(privacy.get, request_id)

        (fault,) = commit(lambda: list(stuck(session.connection())))

        assert found.status == "waiting"
        assert texts() == {"Dear Bob"}
        assert (fault.code, fault.severity) == ("K314", "warning")
        assert "'letters' has data, and is not enabled" in fault.what

    def test_is_done_when_it_is_enabled(self, app, request_id, texts):
        """The feature is asked when it is composed again."""
        assert run(app, request_id) == ("done", "done")
        assert texts() == set()

    def test_is_done_when_it_is_purged(self, old_app, commit, request_id):
        """Without rows there is nothing to erase."""
        commit(lambda: session.execute(sa.text("DELETE FROM letters_letter")))

        assert run(old_app, request_id) == ("done", "nothing")

    def test_is_named_in_an_export(self, old_app, commit):
        """An export does not wait: its report names the feature."""
        commit(know_letters)
        id_ = commit(privacy.request, "export", commit(make_person))

        assert run(old_app, id_) == ("done", "absent")
        assert not commit(privacy.get, id_).complete


class TestFailing:
    @pytest.mark.provokes("K314")
    def test_is_found_by_the_doctor(self, commit, ask):
        """K314 after one failure, as a warning; as an error when it is given up."""
        ask("export", commit(make_person, text="hot"))
        (first,) = commit(lambda: list(stuck(session.connection())))
        ann = commit(make_person, email="eve@example.com", text="hot")
        for _ in range(41):
            ask("erase", ann, at_once=True)
        *_, last = commit(lambda: list(stuck(session.connection())))

        assert (first.severity, "(HotLetterError)" in first.what) == ("warning", True)
        assert (last.severity, "not tried again by itself" in last.what) == ("error", True)
