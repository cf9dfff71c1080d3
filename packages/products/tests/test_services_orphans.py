from datetime import timedelta

import pytest

from mercato_kit.db import session, utc_now
from mercato_products.models import Reservation
from mercato_products.services.orphans import release_orphan, release_orphans
from mercato_products.services.reservations import extend_reservation

from . import factories
from .invariants import check_invariants


@pytest.fixture
def settings():
    """Ten minutes of grace."""
    return {"orphan_grace_minutes": 10}


class TestReleaseOrphans:
    def test_releases_abandoned_reservations(self, commit, run_worker):
        """The worker releases the reservations that expired before the grace period."""
        (variant,) = commit(factories.make_variants, stock=10)
        abandoned = [commit(factories.hold, {variant: 1}, minutes=-11) for _ in "12"]
        kept = [
            commit(factories.hold, {variant: 1}, minutes=-9),
            commit(factories.hold, {variant: 1}, minutes=15),
            commit(factories.sell, {variant: 1}),
        ]

        run_worker()

        assert commit(statuses, abandoned) == ["released", "released"]
        assert commit(statuses, kept) == ["held", "held", "committed"]
        commit(check_invariants)

    def test_a_failing_reservation_does_not_block_others(self, commit, run_worker, caplog):
        """A reservation that cannot be released is logged, and the others are released."""
        jammed, whole = commit(factories.make_variants, 2, stock=10)
        broken, *others = [
            commit(factories.hold, {variant: 1}, minutes=minutes)
            for variant, minutes in ((jammed, -13), (whole, -12), (whole, -11))
        ]
        commit(factories.lose_count, jammed)

        run_worker()

        assert commit(statuses, [broken, *others]) == ["held", "released", "released"]
        assert str(broken) in caplog.text

    def test_returns_0_when_nothing_was_released(self, app, commit):
        """The job returns 0 if nothing is due, or if nothing could be released."""
        broken, whole = commit(factories.make_variants, 2, stock=10)
        for variant in (broken, whole):
            commit(factories.hold, {variant: 1}, minutes=-11)
        commit(factories.lose_count, broken)

        with app.app_context():
            counts = [release_orphans() for _ in "12"]

        assert counts == [1, 0]


class TestReleaseOrphan:
    def test_keeps_an_extended_reservation(self, commit):
        """A reservation that was extended after it was selected is not released."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.hold, {variant: 1}, minutes=-11)
        commit(extend_reservation, reference, utc_now() + timedelta(minutes=15))

        assert not commit(release_orphan, reference)
        assert commit(statuses, [reference]) == ["held"]


def statuses(references):
    """Return the statuses of reservations, in the order of the arguments."""
    return [session.get(Reservation, reference).status for reference in references]
