from datetime import timedelta

import pytest

from mercato_kit.db import session
from mercato_kit.db import utc_now
from mercato_products.models import Reservation
from mercato_products.services.orphans import release_orphan

from . import factories
from .invariants import check_invariants


@pytest.fixture
def settings():
    """Ten minutes of grace."""
    return {"orphan_grace_minutes": 10}


class TestReleaseOrphan:
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

        def statuses(references):
            return [session.get(Reservation, reference).status for reference in references]

        assert commit(statuses, forgotten) == ["released", "released"]
        assert commit(statuses, kept) == ["held", "held", "committed"]
        commit(check_invariants)

    def test_says_when_there_is_none(self, commit):
        """0 tells the worker to rest."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.hold, {variant: 1}, minutes=-11)

        counts = [commit(release_orphan) for _ in "12"]

        assert counts == [1, 0]
        expired = commit(lambda: session.get(Reservation, reference).expires_at)
        assert expired < utc_now() - timedelta(minutes=10)
