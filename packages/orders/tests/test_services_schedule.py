"""When providers are asked again, and when an operator has to look: pure functions."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from mercato_orders.models import ATTENTION
from mercato_orders.services import schedule
from mercato_orders.services.schedule import State

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CHECKS = st.integers(min_value=1, max_value=1_000)
CHANCES = st.floats(min_value=-1, max_value=1)


def look(**facts):
    """Return why an operator has to look at something that began a minute ago."""
    began = {"errors": 0, "unanswered_since": None, "expected_by": None}
    return schedule.reason_to_look(
        NOW, **{**began, "open_since": NOW - timedelta(minutes=1), **facts}
    )


def state(**facts):
    """Return the state of a payment that its provider has answered."""
    usual = {"is_answered": True, "void_requested": False}
    return State(**{**usual, "attention": None, **facts})


class TestPauses:
    def test_grow(self):
        """15 s, 30 s, 1, 2, 5 and 15 min, hourly for a day, then every 6 hours."""
        pauses = [schedule.pause_after(checks, 0).total_seconds() for checks in range(1, 34)]

        assert pauses[:6] == [15, 30, 60, 120, 300, 900]
        assert pauses[6:30] == [3_600] * 24
        assert pauses[30:] == [21_600] * 3

    @given(CHECKS, CHANCES)
    def test_are_spread_by_a_fifth(self, checks, chance):
        """A random part makes a pause up to a fifth shorter or longer."""
        usual = schedule.pause_after(checks, 0)

        assert abs(schedule.pause_after(checks, chance) / usual - 1) <= 0.2 + 1e-9

    @given(CHECKS)
    def test_never_become_shorter(self, checks):
        """Without the random part, a pause is at least as long as the one before."""
        lengths = [schedule.pause_after(number, 0) for number in (checks, checks + 1)]

        assert all(one <= other for one, other in pairwise(lengths))


class TestIsGivenUp:
    @pytest.mark.parametrize(
        ("facts", "fetched", "expected_by", "given_up"),
        [
            ({"is_answered": False}, "processing", None, True),
            ({"is_answered": False}, "requires_action", None, True),
            ({"is_answered": False}, "captured", None, False),
            ({"is_answered": False}, "authorized", None, False),
            ({"is_answered": False}, "processing", NOW, False),
            ({"is_answered": False, "attention": "overdue"}, "processing", None, False),
            ({"is_answered": False, "attention": "no_answer"}, "processing", None, True),
            ({}, "processing", None, False),
            ({}, "requires_action", None, False),
            ({"void_requested": True}, "processing", None, True),
            ({"void_requested": True}, "authorized", None, True),
            ({"void_requested": True}, "captured", None, False),
            ({"void_requested": True}, "canceled", None, False),
            ({"void_requested": True, "attention": "errors"}, "authorized", None, True),
            ({"void_requested": True, "attention": "void_refused"}, "authorized", None, False),
            ({"void_requested": True, "attention": "mismatch"}, "processing", None, False),
        ],
    )
    def test_if_it_is_requested_or_not_confirmed(self, facts, fetched, expected_by, given_up):
        """An open payment is closed on request, and if its first answer is a read."""
        assert schedule.is_given_up(state(**facts), fetched, expected_by) is given_up


class TestReasonToLook:
    @pytest.mark.parametrize(
        ("facts", "reason"),
        [
            ({}, None),
            ({"errors": 4}, None),
            ({"errors": 5}, "errors"),
            ({"errors": 1, "unanswered_since": NOW - timedelta(minutes=14)}, None),
            ({"errors": 1, "unanswered_since": NOW - timedelta(minutes=15)}, "no_answer"),
            ({"open_since": NOW - timedelta(hours=23)}, None),
            ({"open_since": NOW - timedelta(hours=24)}, "overdue"),
            ({"open_since": NOW - timedelta(days=9), "expected_by": NOW}, None),
            ({"expected_by": NOW - timedelta(days=1)}, "overdue"),
        ],
    )
    def test_is_the_first_that_holds(self, facts, reason):
        """5 errors in a row, 15 minutes without an answer, 24 hours open or a day too late."""
        assert look(**facts) == reason

    def test_is_a_word_of_the_table(self):
        """The database knows each word."""
        reasons = [look(errors=5), look(unanswered_since=NOW - timedelta(hours=1))]

        assert {*reasons, *schedule.OUTAGES} <= set(ATTENTION)


class TestReplaces:
    def test_a_decision_is_not_hidden_by_an_outage(self):
        """A reason that an operator must deal with stays until then."""
        assert schedule.replaces(None, "errors")
        assert schedule.replaces("errors", "mismatch")
        assert not schedule.replaces("mismatch", "errors")
        assert not schedule.replaces("errors", "errors")


class TestNeedsNewKey:
    @pytest.mark.parametrize(("hours", "needed"), [(22, False), (23, True), (48, True)])
    def test_an_hour_before_the_provider_forgets_it(self, hours, needed):
        """A key that the provider may have forgotten could have a second effect."""
        assert schedule.needs_new_key(NOW, NOW - timedelta(hours=hours), 24) is needed
