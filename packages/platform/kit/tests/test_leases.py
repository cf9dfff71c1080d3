"""Leases: rows that belong to one process."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_kit import leases
from mercato_kit.db import new_id, session, utc_now
from mercato_kit.leases import Lease, Renewals
from mercato_kit.models import InboxDelivery, JobHistory

DUE = InboxDelivery.processed_at.is_(None)
IN_ORDER = [InboxDelivery.consumer]


@pytest.fixture
def deliveries(in_unit):
    """Ten rows that can be leased."""
    rows = [
        InboxDelivery(consumer=f"c{number}", event_id=new_id(), next_attempt_at=utc_now())
        for number in range(10)
    ]
    in_unit(lambda: session.add_all(rows))


@pytest.fixture
def take(app):
    """A function that leases rows."""

    def take(limit=10, due=DUE, **options):
        with app.app_context():
            return leases.take(InboxDelivery, due, order_by=IN_ORDER, limit=limit, **options)

    return take


@pytest.fixture
def held(in_unit):
    """A function that returns until when each row is leased, by its consumer."""
    chosen = sa.select(InboxDelivery.consumer, InboxDelivery.leased_until)
    return lambda: in_unit(lambda: dict(map(tuple, session.execute(chosen))))


def names(lease):
    """Return the consumers in a lease."""
    return sorted(consumer for consumer, _ in lease.keys)


def pass_time():
    """Let the time of every lease pass."""
    session.execute(sa.update(InboxDelivery).values(leased_until=leases.now(-1)))


class TestTake:
    def test_takes_the_first_rows_that_are_free(self, deliveries, take):
        """The rows are taken in order, as many as asked for, and each once."""
        assert [names(take(4)) for _ in range(2)] == [
            ["c0", "c1", "c2", "c3"],
            ["c4", "c5", "c6", "c7"],
        ]

    def test_takes_what_is_due(self, deliveries, take):
        """Rows that are not due are left; there may be none."""
        assert names(take(due=InboxDelivery.consumer == "c5")) == ["c5"]
        assert take(due=InboxDelivery.consumer == "c5").keys == ()

    def test_lasts_for_15_seconds(self, deliveries, take, held):
        """The lease ends 15 seconds later by the clock of the database."""
        before = utc_now()
        take()
        after = utc_now()

        for until in held().values():
            assert before <= until - timedelta(seconds=15) <= after + timedelta(milliseconds=1)

    def test_takes_over_what_was_not_renewed(self, deliveries, take, in_unit):
        """Rows whose lease is over are taken by the next process."""
        take()
        in_unit(pass_time)

        assert len(take().keys) == 10

    def test_writes_what_it_is_told(self, deliveries, take, in_unit):
        """Other values are written in the same statement."""
        take(2, values={"attempts": InboxDelivery.attempts + 1})

        attempts = sa.select(InboxDelivery.attempts).order_by(InboxDelivery.consumer).limit(3)
        assert in_unit(lambda: session.scalars(attempts).all()) == [1, 1, 0]

    def test_refuses_a_unit_of_work(self, app, in_unit):
        """In a unit of work, the lease would not be committed before the work."""
        with pytest.raises(RuntimeError, match="take"):
            in_unit(lambda: leases.take(InboxDelivery, DUE))

    def test_gives_each_row_to_one_of_many(self, deliveries, take):
        """Twelve threads that take two rows each share ten rows."""
        barrier = threading.Barrier(12)

        def run(_number):
            barrier.wait()
            return names(take(2))

        with ThreadPoolExecutor(12) as threads:
            taken = [name for each in threads.map(run, range(12)) for name in each]

        assert sorted(taken) == [f"c{number}" for number in range(len(taken))]
        # SKIP LOCKED may leave a row to the next round.
        assert len(taken) + len(take().keys) == 10

    def test_knows_a_key_of_one_column(self, app, in_unit):
        """A key of one column is its value."""
        in_unit(lambda: session.add(JobHistory(job="a.b")))

        with app.app_context():
            assert leases.take(JobHistory, JobHistory.failed == 0).keys == ("a.b",)


class TestEnd:
    def test_gives_back_what_is_held(self, app, deliveries, take, held):
        """Rows that are given back are free at once."""
        lease = take(2)

        with app.app_context():
            leases.end(lease)

        assert names(take(2)) == names(lease)

    def test_leaves_what_others_hold(self, app, deliveries, take, in_unit, held):
        """A process that is late does not end the lease of the one that took over."""
        late = take(1)
        in_unit(pass_time)
        take(1)

        with app.app_context():
            leases.end(late)

        assert held()["c0"] is not None

    def test_ignores_an_empty_lease(self, app, deliveries, take, held):
        """A lease without rows ends nothing."""
        lease = take(1)

        with app.app_context():
            leases.end(Lease(InboxDelivery, (), lease.id))

        assert held()["c0"] is not None


class TestRenewals:
    @pytest.fixture
    def renewals(self):
        """Renewals that are made often."""
        return Renewals(every_seconds=0.05)

    def test_renew_what_is_held(self, app, deliveries, take, in_unit, held, renewals, eventually):
        """A lease is renewed again and again until it is dropped, and not after."""
        lease = take(1)
        with app.app_context():
            renewals.add(lease)
        for _ in range(2):
            in_unit(pass_time)
            eventually(lambda: held()["c0"] > utc_now())

        renewals.drop(lease)
        eventually(lambda: not renewals.is_running)
        in_unit(pass_time)
        assert held()["c0"] < utc_now()

    def test_leave_what_is_young(self, app, take):
        """A lease is due when it has been held for the pause, not with one that is older."""
        renewals = Renewals(every_seconds=60)
        older, younger = take(1), take(1)
        with app.app_context():
            renewals.add(older)
            between = time.monotonic()
            renewals.add(younger)

        due = [renewals.due(between + 60), renewals.due(between + 61), renewals.due(between + 61)]

        assert due == [[(app, older)], [(app, younger)], []]
        renewals.drop(older)
        renewals.drop(younger)

    def test_leave_what_others_hold(self, app, deliveries, take, in_unit, held):
        """A lease that was taken over is not renewed."""
        late = take(1)
        in_unit(pass_time)
        take(1)
        in_unit(pass_time)

        with app.app_context():
            leases.renew(late)

        assert held()["c0"] < utc_now()

    def test_start_again(self, app, deliveries, take, in_unit, held, renewals, eventually):
        """After a time without leases the next one is renewed, too."""
        with app.app_context():
            for _ in range(2):
                lease = take(1)
                renewals.add(lease)
                renewals.drop(lease)
                eventually(lambda: not renewals.is_running)
            renewals.add(lease)
        in_unit(pass_time)

        eventually(lambda: held()["c1"] > utc_now())
        renewals.drop(lease)

    def test_survive_a_database_that_is_away(
        self, app, deliveries, take, in_unit, held, renewals, eventually
    ):
        """A renewal that fails is logged, and the next one is tried."""
        lease = take(1)
        broken = Lease(JobHistory, (object(),), new_id())
        with app.app_context():
            renewals.add(broken)
            renewals.add(lease)
        in_unit(pass_time)

        eventually(lambda: held()["c0"] > utc_now())
        renewals.drop(broken)
        renewals.drop(lease)

    def test_are_forgotten_by_a_fork(self, app, deliveries, take):
        """A forked process renews nothing for its parent."""
        lease = take(1)
        with app.app_context(), leases.renewed(lease):
            child = os.fork()
            if child == 0:
                os._exit(leases._renewals.is_running)
            _, status = os.waitpid(child, 0)

        assert os.waitstatus_to_exitcode(status) == 0
