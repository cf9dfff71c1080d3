"""Buckets of rate limits."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from mercato_kit import limits
from mercato_kit.db import session
from mercato_kit.errors import Conflict, TooManyRequests
from mercato_kit.limits import Take
from mercato_kit.models import Bucket
from mercato_testing.waiting import wait_for_blocked_transaction

MAIL = Take("mail.register", "alice@example.com", burst=5, every=3600)
NETWORK = Take("mail.network", "192.0.2.7", burst=10, every=180)


@pytest.fixture
def take(in_unit):
    """A function that takes from buckets in a unit of work of its own."""
    return lambda *takes: in_unit(lambda: limits.take(*takes))


@pytest.fixture
def pass_time(in_unit):
    """A function that moves all buckets into the past."""

    def move(seconds):
        moved = sa.update(Bucket).values(full_at=Bucket.full_at - seconds * 1000)
        in_unit(lambda: session.execute(moved))

    return move


class TestTake:
    def test_takes_what_a_full_bucket_has(self, take):
        """As many units as the burst are taken; then one is back after the interval."""
        taken = [take(MAIL)[MAIL] for _ in range(6)]

        assert taken[:5] == [0] * 5
        assert 3599 <= taken[5] <= 3600

    def test_gives_a_unit_back_after_each_interval(self, take, pass_time):
        """After an interval there is one unit, and no more than the burst after a long time."""
        for _ in range(5):
            take(MAIL)
        pass_time(3600)
        soon = [take(MAIL)[MAIL] > 0 for _ in range(2)]
        pass_time(100 * 3600)
        late = [take(MAIL)[MAIL] > 0 for _ in range(6)]

        assert soon == [False, True]
        assert late == [False] * 5 + [True]

    def test_says_which_bucket_is_empty(self, take):
        """Each bucket is taken from by itself; the answer has all of them."""
        for _ in range(5):
            take(MAIL)

        both = take(NETWORK, MAIL)

        assert both[NETWORK] == 0
        assert both[MAIL] > 0

    def test_is_given_back_by_a_problem(self, in_unit):
        """What a unit of work took that raises is there again."""

        def refuse():
            limits.take(MAIL)
            raise Conflict

        for _ in range(6):
            with pytest.raises(Conflict):
                in_unit(refuse)

        assert in_unit(lambda: limits.take(MAIL)) == {MAIL: 0}

    def test_counts_exactly_under_concurrency(self, take):
        """Of forty at once, in two orders, five get a unit."""
        orders = [(MAIL, NETWORK), (NETWORK, MAIL)] * 20

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda order: take(*order), orders))

        assert [sum(not one[kind] for one in answers) for kind in (MAIL, NETWORK)] == [5, 10]

    def test_gives_the_last_unit_after_a_wait(self, take, in_unit):
        """Units that others took while it waited for a lock are no reason to refuse the last."""
        first, second = sorted((MAIL, NETWORK), key=lambda one: one.key)

        def hold(threads):
            limits.take(first)
            waiting = threads.submit(take, first, second)
            wait_for_blocked_transaction(waiting)
            time.sleep(0.05)
            for _ in range(second.burst - 1):
                limits.take(second)
            return waiting

        with ThreadPoolExecutor(1) as threads:
            waiting = in_unit(lambda: hold(threads))

            assert waiting.result() == {first: 0, second: 0}

    def test_stores_no_subject(self, take, in_unit):
        """A row has the kind and a hash."""
        take(MAIL)

        (key,) = in_unit(lambda: list(session.scalars(sa.select(Bucket.key))))

        assert key.startswith("mail.register:")
        assert "alice" not in key


class TestRequire:
    def test_refuses_when_a_bucket_is_empty(self, in_unit):
        """The refusal says when to try again, and takes from no other bucket."""
        for _ in range(5):
            in_unit(lambda: limits.require(MAIL))

        with pytest.raises(TooManyRequests) as refused:
            in_unit(lambda: limits.require(NETWORK, MAIL))

        assert 3599 <= int(refused.value.headers["Retry-After"]) <= 3600
        assert in_unit(lambda: session.scalar(sa.select(sa.func.count()).select_from(Bucket))) == 1


class TestForgetFull:
    def test_deletes_full_buckets_in_batches(self, take, pass_time, in_unit):
        """Buckets that are full are deleted, at most a batch at once; others stay."""
        many = [Take("mail", str(number), burst=2, every=60) for number in range(3)]
        take(*many)
        pass_time(60)
        take(MAIL)

        deleted = [in_unit(lambda: limits.forget_full(limit=2)) for _ in range(3)]

        assert deleted == [2, 1, 0]
        (left,) = in_unit(lambda: list(session.scalars(sa.select(Bucket.full_at))))
        assert left > time.time() * 1000
