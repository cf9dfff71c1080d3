"""Requests to export and erase a person's data, run over three small features."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_database import privacy as engine
from mercato_kit import privacy
from mercato_kit.db import new_id, session, utc_now
from mercato_kit.models import Erasure, PrivacyPart, PrivacyRequest, PrivacyStep
from mercato_kit.privacy import Retained, Subject
from mercato_runtime.worker import run_once

from . import persons
from .persons import Letter, Parcel, make_due, make_person

feature = persons.accounts


@pytest.fixture
def fakes():
    """The features that refer to accounts."""
    return [persons.letters, persons.parcels]


def statuses_of(request):
    """Return the status of each step by feature."""
    return {step.feature: step.status for step in request.steps}


class TestErase:
    def test_asks_the_features_and_the_one_with_accounts_last(self, commit, ask, ask_later, texts):
        """Each feature erases, the one that has the accounts after the others, and then the kit.

        Later all are asked once more, in this order.
        """
        ann = commit(make_person)
        commit(make_person, "bob@example.com", "Dear Ann")
        asked = []

        request = ask("erase", ann, report=asked.append)

        assert texts() == {"bob@example.com", "Dear Ann", "Main Street 1"}
        assert set(asked[:2]) == {"letters", "parcels"}
        assert asked[2:] == ["accounts", "kit"]
        assert set(statuses_of(request).values()) == {request.status} == {"waiting"}

        request = ask_later(request, report=asked.append)

        assert asked[4:] == asked[:4]
        assert (request.status, request.complete, request.subject) == ("done", True, None)
        assert [step.feature for step in request.steps][2:] == ["accounts", "kit"]

    def test_keeps_the_ids_of_what_was_erased(self, commit, ask):
        """The ids stay, so that the erasure can be repeated after a restore."""
        ann = commit(make_person)
        of_letter = commit(lambda: session.scalars(sa.select(Letter.id)).one())

        ask("erase", ann)

        found = commit(lambda: session.execute(sa.select(Erasure.feature, Erasure.ref)).all())
        assert {("letters", of_letter), ("accounts", ann.account)} < set(map(tuple, found))

    @pytest.mark.parametrize("has_account", [True, False])
    def test_erases_what_was_under_way(self, app, commit, ask, texts, has_account):
        """What commits after all features have erased is erased ten minutes later, not before."""
        ann = commit(make_person) if has_account else Subject(new_id())
        request = ask("erase", ann)
        commit(lambda: session.add(Letter(account_id=ann.account, text="Under way")))

        run_once(app)
        with app.app_context():
            engine.run_now(request.id)

        early = commit(privacy.get, request.id)
        assert (early.status, texts()) == ("waiting", {"Under way"})
        wait = early.due_at - utc_now()
        assert timedelta(minutes=9) < wait <= timedelta(minutes=10)
        commit(make_due)
        run_once(app)
        assert texts() == set()
        assert commit(privacy.get, request.id).complete

    def test_waits_from_the_end_of_the_account_on(self, commit, ask, ask_later, texts):
        """A feature that was done before the account was erased is asked again behind it."""
        ann = commit(make_person, text="hot")
        request = ask_later(ask("erase", ann))
        assert statuses_of(request)["parcels"] == "done"
        commit(lambda: session.execute(sa.update(Letter).values(text="cold")))
        request = ask_later(request)
        commit(lambda: session.add(Parcel(account_id=ann.account, address="Under way")))

        assert (request.status, statuses_of(request)["parcels"]) == ("waiting", "waiting")
        assert ask_later(request).complete
        assert texts() == set()

    def test_counts_what_was_erased(self, commit, ask, ask_later):
        """A step says how many things it erased; one without any says so."""
        request = ask_later(ask("erase", commit(make_person)))
        stranger = ask_later(ask("erase", Subject(new_id())))

        counts = {step.feature: dict(step.counts) for step in request.steps}
        assert counts["letters"] == {"letters": 1}
        assert set(statuses_of(stranger).values()) == {"nothing"}
        assert stranger.status == "done"

    def test_waits_for_what_is_open(self, app, commit, ask, ask_later, texts):
        """What is still needed stays; the others erase; a later run erases the rest."""
        request = ask_later(ask("erase", commit(make_person, is_open=True)))

        assert (request.status, statuses_of(request)["parcels"]) == ("waiting", "waiting")
        assert request.due_at > utc_now() + timedelta(minutes=50)
        assert texts() == {"Main Street 1"}
        (waiting,) = (step for step in request.steps if step.feature == "parcels")
        assert waiting.retained == (Retained("open_parcel", None, 1),)

        commit(lambda: session.execute(sa.update(Parcel).values(is_open=False)))
        commit(make_due)
        run_once(app)

        assert texts() == set()
        assert commit(privacy.get, request.id).status == "done"

    def test_a_second_request_asks_all_features_again(self, app, commit, ask, texts):
        """What a person left while the first one waits is erased, too."""
        ann = commit(make_person, is_open=True)
        waiting = ask("erase", ann)
        commit(lambda: session.add(Letter(account_id=ann.account, text="Ann is back")))

        again = ask("erase", ann)

        assert (again.id, again.status) == (waiting.id, "waiting")
        assert texts() == {"Main Street 1"}

    def test_a_failure_keeps_no_other_feature_from_erasing(self, commit, ask, texts, caplog):
        """The feature that failed is asked later; accounts wait for it; no log names a person."""
        request = ask("erase", commit(make_person, text="hot: Ann is ill"))

        assert request.status == "failed"
        assert statuses_of(request) == {
            "letters": "failed",
            "parcels": "waiting",
            "accounts": "pending",
            "kit": "pending",
        }
        (failed,) = (step for step in request.steps if step.feature == "letters")
        assert (failed.attempts, failed.error_code) == (1, "HotLetterError")
        assert failed.next_attempt_at == request.due_at
        assert texts() == {"ann@example.com", "hot: Ann is ill"}
        assert "HotLetterError" in caplog.text
        assert "Ann is ill" not in caplog.text

    def test_a_feature_that_failed_is_asked_again(self, app, commit, ask, texts):
        """When the pause has ended and the reason has gone, the rest is erased."""
        request = ask("erase", commit(make_person, text="hot"))
        run_once(app)
        assert commit(privacy.get, request.id).status == "failed"

        commit(lambda: session.execute(sa.update(Letter).values(text="cold")))
        for _ in range(2):
            commit(make_due)
            run_once(app)

        assert texts() == set()
        assert commit(privacy.get, request.id).complete

    def test_gives_up_after_30_days(self, app, commit, ask):
        """The pauses grow to a day; a feature that fails for 30 days is asked no more."""
        request = ask("erase", commit(make_person, text="hot"))
        commit(
            lambda: session.execute(
                sa.update(PrivacyStep)
                .where(PrivacyStep.feature == "letters")
                .values(attempts=38, next_attempt_at=None)
            )
        )
        with app.app_context():
            engine.run(request.id)
        day = commit(privacy.get, request.id).due_at - utc_now()
        with app.app_context():
            engine.run(request.id, at_once=True)

        given_up = commit(privacy.get, request.id)
        assert timedelta(hours=23) < day <= timedelta(days=1)
        assert (given_up.status, given_up.due_at) == ("failed", None)

    def test_erases_the_exports_of_the_person(self, commit, ask):
        """An export that was made before is erased, too."""
        ann = commit(make_person)
        export = ask("export", ann)

        request = ask("erase", ann)

        assert commit(privacy.read_archive, export.id) is None
        assert commit(lambda: session.scalars(sa.select(PrivacyPart.sequence)).all()) == []
        assert request.steps[-1].counts == {"exports": 1}


class TestExport:
    def test_is_a_file_for_each_feature(self, commit, ask):
        """The zip has a report, and the joined parts of each feature with data."""
        ann = commit(make_person)
        commit(lambda: session.add(Letter(account_id=ann.account, text="Dear Cy")))

        request = ask("export", ann)

        with zipfile.ZipFile(io.BytesIO(commit(privacy.read_archive, request.id))) as archive:
            files = {name: json.loads(archive.read(name)) for name in archive.namelist()}
        report = files.pop("report.json")
        assert files == {
            "accounts.json": {"account": [{"email": "ann@example.com"}]},
            "letters.json": {"letters": [{"text": "Dear Bob"}, {"text": "Dear Cy"}]},
            "parcels.json": {"parcels": [{"address": "Main Street 1"}]},
        }
        assert (report["status"], report["complete"]) == ("done", True)
        assert [one["feature"] for one in report["features"]] == [
            "parcels",
            "letters",
            "accounts",
        ]

    def test_names_a_feature_that_failed_five_times(self, app, commit, ask):
        """The export is asked for again four times, and then done without the feature."""
        request = ask("export", commit(make_person, text="hot"))
        seen = [commit(privacy.get, request.id).status]
        for _ in range(4):
            with app.app_context():
                engine.run(request.id, at_once=True)
            seen.append(commit(privacy.get, request.id).status)

        ended = commit(privacy.get, request.id)
        assert seen == ["failed"] * 4 + ["done"]
        assert (ended.complete, statuses_of(ended)["letters"]) == (False, "failed")
        with zipfile.ZipFile(io.BytesIO(commit(privacy.read_archive, request.id))) as archive:
            assert archive.namelist() == ["report.json", "accounts.json", "parcels.json"]

    def test_is_kept_for_seven_days(self, app, commit, ask):
        """After them there is no file, and a job deletes its rows."""
        request = ask("export", commit(make_person))
        old = sa.update(PrivacyRequest).values(finished_at=utc_now() - timedelta(days=7, hours=1))
        commit(lambda: session.execute(old))

        assert commit(privacy.read_archive, request.id) is None
        run_once(app)

        assert commit(lambda: session.scalars(sa.select(PrivacyPart.sequence)).all()) == []
        assert commit(privacy.get, request.id).subject is None


class TestRunDue:
    def test_leaves_what_is_not_due(self, app, commit, texts):
        """A request with days of grace is run by the worker when they have ended."""
        ann = commit(make_person)
        later = commit(privacy.request, "erase", ann, due_at=utc_now() + timedelta(days=1))

        run_once(app)
        before = texts()
        for _ in range(2):
            commit(make_due)
            run_once(app)

        assert (len(before), texts()) == (3, set())
        assert commit(privacy.get, later).complete

    def test_leaves_what_was_canceled(self, app, commit, texts):
        """A canceled request changes nothing; one that has begun cannot be canceled."""
        request_id = commit(privacy.request, "erase", commit(make_person))

        canceled = [commit(privacy.cancel, request_id) for _ in range(2)]
        run_once(app)

        assert canceled == [True, False]
        assert len(texts()) == 3
        assert commit(privacy.get, request_id).subject is None
