from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings as examples, strategies as st

from mercato_kit.db import session, utc_now
from mercato_kit.errors import TooManyRequests
from mercato_users import attempts
from mercato_users.attempts import Counter
from mercato_users.models import LoginAttempt

from . import factories

COUNTER = Counter("test", "alice", limit=3)
STEPS = attempts.MINUTES.length // attempts.MINUTES.step


class TestSpan:
    @pytest.mark.parametrize(("second", "start"), [(0, 0), (29, 0), (30, 30), (59, 30)])
    def test_finds_the_step_of_a_moment(self, second, start):
        """Each moment belongs to the step that started last."""
        moment = datetime(2026, 11, 22, 14, 33, second, 999_000, tzinfo=UTC)

        assert attempts.MINUTES.step_at(moment) == moment.replace(second=start, microsecond=0)


class TestCount:
    @examples(
        max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(st.lists(st.integers(0, STEPS + 2), min_size=1, max_size=15))
    def test_enforces_the_limit_in_any_span(self, commit, gaps):
        """Any five minutes have three attempts at most, and there is room again after that."""
        commit(lambda: session.execute(sa.delete(LoginAttempt)))
        start, shifted, counted = attempts.MINUTES.step_at(utc_now()), 0, []
        for gap in gaps:
            shifted += gap
            commit(factories.shift_attempts, gap * attempts.MINUTES.step)
            passed = attempts.MINUTES.step_at(utc_now()) - start
            now = shifted + passed // attempts.MINUTES.step
            recent = [step for step in counted if step >= now - STEPS]
            try:
                commit(attempts.count, [COUNTER])
            except TooManyRequests:
                assert len(recent) == 3
            else:
                assert len(recent) < 3
                counted.append(now)

    def test_counts_on_all_counters_or_none(self, commit):
        """If one counter is full, the other counters do not change."""
        other = Counter("test", "bob", limit=9)
        for _ in range(3):
            commit(attempts.count, [COUNTER])

        with pytest.raises(TooManyRequests):
            commit(attempts.count, [COUNTER, other])

        for _ in range(9):
            commit(attempts.count, [other])

    def test_stores_no_address(self, commit):
        """Subjects are stored as hashes."""
        commit(attempts.count, [COUNTER])

        keys = commit(lambda: list(session.scalars(sa.select(LoginAttempt.key))))

        assert not any("alice" in key for key in keys)


class TestForgetOld:
    def test_deletes_in_batches(self, commit):
        """At most one batch of rows is deleted per call."""
        for number in range(3):
            commit(attempts.count, [Counter("test", str(number), 9)])
        commit(factories.shift_attempts, timedelta(days=2))
        before = datetime.now(UTC) - timedelta(days=1)

        deleted = [commit(attempts.forget_old, before, limit=4) for _ in range(3)]

        assert deleted == [4, 2, 0]
