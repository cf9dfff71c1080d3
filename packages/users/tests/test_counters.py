from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings as examples, strategies as st

from mercato_kit.db import session, utc_now
from mercato_users import counters
from mercato_users.counters import DAY, MINUTES, Counter, Limit, tables
from mercato_users.counters.limits import STEP, step_at
from mercato_users.models import LoginAttempt

from . import factories

COUNTER = Counter("test", "alice", (Limit(3, MINUTES),))
STEPS = MINUTES // STEP


@pytest.fixture
def fail(commit):
    """A function that counts a failure, and returns the seconds to wait if a limit was reached.

    What a refusal counts is undone, as a problem does it.
    """

    class FullError(Exception):
        """A limit was reached."""

    def count(*counted):
        def spend():
            if wait := counters.spend(counted, failures=1).wait:
                raise FullError(wait)

        try:
            commit(spend)
        except FullError as full:
            return full.args[0]
        return 0

    return count


class TestStep:
    @pytest.mark.parametrize(("second", "start"), [(0, 0), (29, 0), (30, 30), (59, 30)])
    def test_finds_the_step_of_a_moment(self, second, start):
        """Each moment belongs to the step that started last."""
        moment = datetime(2026, 11, 22, 14, 33, second, 999_000, tzinfo=UTC)

        assert step_at(moment) == moment.replace(second=start, microsecond=0)


class TestSpend:
    @examples(
        max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(st.lists(st.integers(0, STEPS + 2), min_size=1, max_size=15))
    def test_enforces_the_limit_in_any_span(self, commit, fail, gaps):
        """Any five minutes have three failures at most, and there is room again after that."""
        commit(lambda: session.execute(sa.delete(LoginAttempt)))
        start, shifted, counted = step_at(utc_now()), 0, []
        for gap in gaps:
            shifted += gap
            commit(factories.shift_attempts, gap * STEP)
            passed = step_at(utc_now()) - start
            now = shifted + passed // STEP
            recent = [step for step in counted if step >= now - STEPS]
            if fail(COUNTER):
                assert len(recent) == 3
            else:
                assert len(recent) < 3
                counted.append(now)

    def test_counts_on_all_counters_or_none(self, fail):
        """If one counter is full, the other counters do not change."""
        other = Counter("test", "bob", (Limit(9, MINUTES),))
        for _ in range(3):
            fail(COUNTER)

        assert fail(COUNTER, other) > 0

        assert [fail(other) > 0 for _ in range(10)] == [False] * 9 + [True]

    def test_keeps_all_limits_of_a_counter(self, commit, fail):
        """A long span has its own limit; the wait is until the oldest failure is too old."""
        both = Counter("test", "carol", (Limit(2, MINUTES), Limit(3, DAY)))
        waits = [fail(both) for _ in range(3)]
        commit(factories.shift_attempts, MINUTES + STEP)
        waits += [fail(both) for _ in range(2)]

        assert [wait > 0 for wait in waits] == [False, False, True, False, True]
        assert MINUTES < timedelta(seconds=waits[2]) <= MINUTES + STEP + timedelta(seconds=1)
        assert timedelta(hours=23) < timedelta(seconds=waits[4]) < DAY

    def test_says_which_counters_are_full(self, commit):
        """The attempt that uses up a limit says which counter has no room left."""
        other = Counter("other", "bob", (Limit(9, MINUTES),))

        spent = [commit(counters.spend, [COUNTER, other], failures=1) for _ in range(4)]

        assert [one.full for one in spent] == [frozenset()] * 2 + [{"test"}, frozenset()]

    def test_counts_what_began_after_the_sums_were_read(self, commit, fail):
        """Failures between the reading and the lock count, also those of a step in between."""
        before = commit(tables.read, [COUNTER])
        long_before = tables.Sums(before.read_at - 3 * STEP, before.steps)
        for _ in range(3):
            fail(COUNTER)
        commit(factories.shift_attempts, STEP)

        for sums in (before, long_before):
            assert commit(tables.spend, sums, [COUNTER], failures=0).wait > 0

    def test_stores_no_subject(self, commit, fail):
        """Subjects are stored as hashes."""
        fail(COUNTER)

        keys = commit(lambda: list(session.scalars(sa.select(LoginAttempt.key))))

        assert not any("alice" in key for key in keys)


class TestWait:
    def test_takes_no_lock_and_counts_nothing(self, commit, fail):
        """It says how long to wait, and changes nothing."""
        waits = [commit(counters.wait, [COUNTER]) for _ in range(4)]
        for _ in range(3):
            fail(COUNTER)

        assert waits == [0] * 4
        assert commit(counters.wait, [COUNTER]) > 0


class TestForgetOld:
    def test_deletes_in_batches(self, commit, fail):
        """At most one batch of rows is deleted per call."""
        for number in range(3):
            fail(Counter("test", str(number), (Limit(9, DAY),)))
        commit(factories.shift_attempts, timedelta(days=2))

        deleted = [commit(tables.forget_old, limit=4) for _ in range(3)]

        assert deleted == [4, 2, 0]
