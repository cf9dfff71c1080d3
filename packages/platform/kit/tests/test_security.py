import pytest

from mercato_kit import db, security
from mercato_kit.errors import NotFound
from mercato_kit.identity import current_principal

from .demo import ALICE, PROGRAM


class TestRecord:
    def test_says_who_and_from_where(self, app, security_log):
        """A line has the event, its facts, the caller, its address and the request."""
        with app.test_request_context(
            headers={"Authorization": "Bearer alice"}, environ_base={"REMOTE_ADDR": "192.0.2.7"}
        ):
            assert current_principal.sub == ALICE.sub
            security.record("rank_changed", after=3)

        [line] = security_log()
        assert line == {
            "event": "rank_changed",
            "after": 3,
            "principal_id": ALICE.sub,
            "address": "192.0.2.7",
            "request_id": None,
        }

    def test_names_the_api_key_of_a_program(self, app, security_log):
        """A program is the person that it acts for, with its key."""
        with app.test_request_context(headers={"Authorization": "Bearer program"}):
            assert current_principal.key_id == PROGRAM.key_id
            security.record("rank_changed")

        [line] = security_log()
        assert (line["principal_id"], line["key_id"]) == (ALICE.sub, PROGRAM.key_id)

    def test_does_not_authenticate(self, app, security_log):
        """A caller that was not asked for is a guest: a bad token must not break the log."""
        with app.test_request_context(headers={"Authorization": "Bearer nobody"}):
            security.record("rank_changed")

        assert security_log()[0]["principal_id"] is None

    def test_logs_no_change_that_was_rolled_back(self, in_unit, security_log):
        """A change is logged when it is committed, and not before."""
        note_id = db.new_id()

        def change(error=None):
            security.record("note_changed", note_id=note_id)
            assert security_log() == []
            if error:
                raise error

        with pytest.raises(NotFound):
            in_unit(lambda: change(NotFound()))
        in_unit(change)

        assert security_log() == [{"event": "note_changed", "note_id": note_id}]


class TestRefuse:
    def test_is_logged_at_once(self, in_unit, security_log):
        """A refusal is logged although its work is rolled back."""

        def step():
            security.refuse("access_refused", note_id=7)
            raise NotFound

        with pytest.raises(NotFound):
            in_unit(step)

        assert security_log() == [{"event": "access_refused", "note_id": 7}]
