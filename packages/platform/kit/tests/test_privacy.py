"""Requests for the data of a person, and subjects."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_kit import keys, privacy
from mercato_kit.db import new_id, session, utc_now
from mercato_kit.models import PrivacyRequest
from mercato_kit.privacy import Subject, subjects

ANN = Subject(new_id(), frozenset({"ann@example.com"}))
LATER = timedelta(days=1)


@pytest.fixture
def stored(in_unit):
    """A function that reads how a request's subject is stored."""
    of = PrivacyRequest.subject_sealed
    return lambda id_: in_unit(
        lambda: session.scalar(sa.select(of).where(PrivacyRequest.id == id_))
    )


class TestSubject:
    def test_overlaps_by_what_both_name(self):
        """Subjects overlap if they have an account, an address or a thing in common."""
        order = Subject(refs={"orders.order": frozenset({new_id()})})

        assert ANN.overlaps(Subject(ANN.account))
        assert ANN.overlaps(Subject(None, ANN.emails))
        assert order.overlaps(Subject(refs=order.refs))
        assert not ANN.overlaps(order)
        assert not Subject().overlaps(Subject())

    def test_joined_names_what_either_names(self):
        """Two subjects become one."""
        one, two = new_id(), new_id()

        joined = Subject(refs={"a.b": frozenset({one})}).joined(
            Subject(ANN.account, refs={"a.b": frozenset({two})})
        )

        assert joined == Subject(ANN.account, refs={"a.b": frozenset({one, two})})

    def test_is_stored_sealed(self, in_unit, stored):
        """The row has no address; the request has the subject as it was."""
        ann = ANN.joined(Subject(refs={"orders.order": frozenset({new_id()})}))

        id_ = in_unit(lambda: privacy.request("erase", ann))

        assert b"ann" not in stored(id_)
        assert in_unit(lambda: privacy.get(id_)).subject == ann

    def test_is_not_opened_when_it_was_changed(self, in_unit):
        """A changed subject is an error, not another person."""
        *unchanged, last = in_unit(lambda: subjects.seal(ANN))

        with pytest.raises(keys.CannotOpen):
            in_unit(lambda: subjects.unseal(bytes([*unchanged, last ^ 1])))


class TestRequest:
    def test_there_is_one_open_request_of_a_subject(self, in_unit):
        """A second one joins the first: it is due at the earlier time, and includes all."""
        later = utc_now() + LATER
        first = in_unit(lambda: privacy.request("erase", ANN, due_at=later, actor="ann"))
        second = in_unit(lambda: privacy.request("erase", Subject(ANN.account)))
        other = in_unit(lambda: privacy.request("export", ANN))

        found = in_unit(lambda: privacy.get(first))
        assert (second == first, other == first) == (True, False)
        assert (found.subject, found.actor, found.status) == (ANN, "ann", "scheduled")
        assert found.due_at < later

    def test_is_about_what_was_made_until_it_is_due(self, in_unit):
        """A request that waits does not reach what has the address later; a second one does."""
        before = utc_now()
        id_ = in_unit(lambda: privacy.request("erase", ANN))
        first = in_unit(lambda: privacy.get(id_)).subject.until
        in_unit(lambda: privacy.request("erase", ANN))
        second = in_unit(lambda: privacy.get(id_)).subject.until

        assert before <= first < second <= utc_now()

    def test_is_in_the_security_log(self, in_unit, caplog):
        """The log says who asked for what, by ids."""
        caplog.set_level("INFO", logger="mercato.security")

        id_ = in_unit(lambda: privacy.request("export", ANN, actor="operator"))

        (line,) = caplog.records
        assert line.getMessage() == "personal_data_requested"
        facts = {"privacy_request_id": id_, "kind": "export", "actor": "operator"}
        assert line.facts == facts

    def test_a_later_one_does_not_postpone_it(self, in_unit):
        """The time of an open request is never later than it was asked for."""
        id_ = in_unit(lambda: privacy.request("erase", ANN))
        in_unit(lambda: privacy.request("erase", ANN, due_at=utc_now() + LATER))

        assert in_unit(lambda: privacy.get(id_)).due_at <= utc_now()

    def test_after_one_that_ended_there_is_a_new_one(self, in_unit, stored):
        """A canceled request has no subject any more; the person may ask again."""
        first = in_unit(lambda: privacy.request("erase", ANN))

        assert in_unit(lambda: privacy.cancel(first))
        assert stored(first) is None
        assert in_unit(lambda: privacy.request("erase", ANN)) != first

    def test_names_something(self, in_unit):
        """A subject that names nothing is a mistake of the caller; an unknown id is not found."""
        with pytest.raises(ValueError, match="no account, address or id"):
            in_unit(lambda: privacy.request("erase", Subject(refs={"a.b": frozenset()})))

        assert in_unit(lambda: privacy.get(new_id())) is None
        assert not in_unit(lambda: privacy.cancel(new_id()))
