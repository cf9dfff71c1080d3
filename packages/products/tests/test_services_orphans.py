from datetime import timedelta

import pytest

from mercato_kit.db import session
from mercato_kit.db import utc_now
from mercato_products.models import Reservation
from mercato_products.services.orphans import release_orphan
from mercato_products.services.orphans import release_orphans
from mercato_products.services.reservations import extend_reservation

from . import factories
from .invariants import check_invariants


@pytest.fixture
def settings():
    """Ten minutes of grace."""
    return {"orphan_grace_minutes": 10}


class TestReleaseOrphans:
    def test_takes_back_what_was_forgotten(self, commit, run_worker):
        """The worker releases every hold that expired longer ago than the grace, and no other."""
        (variant,) = commit(factories.make_variants, stock=10)
        forgotten = [commit(factories.hold, {variant: 1}, minutes=-11) for _ in "12"]
        kept = [
            commit(factories.hold, {variant: 1}, minutes=-9),
            commit(factories.hold, {variant: 1}, minutes=15),
            commit(factories.sell, {variant: 1}),
        ]

        run_worker()

        assert commit(statuses, forgotten) == ["released", "released"]
        assert commit(statuses, kept) == ["held", "held", "committed"]
        commit(check_invariants)

    def test_a_broken_one_keeps_nobody_waiting(self, commit, run_worker, caplog):
        """A promise that cannot be taken back is logged, and the others are all the same."""
        jammed, whole = commit(factories.make_variants, 2, stock=10)
        broken, *others = [
            commit(factories.hold, {variant: 1}, minutes=minutes)
            for variant, minutes in ((jammed, -13), (whole, -12), (whole, -11))
        ]
        commit(factories.lose_count, jammed)

        run_worker()

        assert commit(statuses, [broken, *others]) == ["held", "released", "released"]
        assert str(broken) in caplog.text

    def test_says_when_there_is_none(self, app, commit):
        """0 tells the worker to rest, also where what is left cannot be taken back."""
        broken, whole = commit(factories.make_variants, 2, stock=10)
        for variant in (broken, whole):
            commit(factories.hold, {variant: 1}, minutes=-11)
        commit(factories.lose_count, broken)

        with app.app_context():
            counts = [release_orphans() for _ in "12"]

        assert counts == [1, 0]


class TestReleaseOrphan:
    def test_leaves_what_was_extended_meanwhile(self, commit):
        """A promise that is due no more when its turn comes stays."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.hold, {variant: 1}, minutes=-11)
        commit(extend_reservation, reference, utc_now() + timedelta(minutes=15))

        assert not commit(release_orphan, reference)
        assert commit(statuses, [reference]) == ["held"]


def statuses(references):
    """Read how promises stand, in the order asked for."""
    return [session.get(Reservation, reference).status for reference in references]
