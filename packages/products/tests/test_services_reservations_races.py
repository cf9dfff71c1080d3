from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from mercato_contracts.stock import InsufficientStock
from mercato_kit import later
from mercato_kit.db import new_id, session, utc_now
from mercato_products.models import Reservation
from mercato_products.services import holds, reservations, shipments
from mercato_products.services.adjustments import adjust_stock
from mercato_products.values import Adjustment

from . import factories

pytestmark = pytest.mark.usefixtures("invariants")

THREADS = 8


@pytest.fixture
def together(app):
    """A function that runs calls concurrently, each in a transaction without retries."""

    def in_transaction(function):
        with app.app_context():
            later.begin(session.connection)
            try:
                answer = function()
            except InsufficientStock:
                session.rollback()
                return "short"
            later.write()
            session.commit()
            return answer

    def run(functions):
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(in_transaction, functions))

    return run


def reserving(reference, quantities):
    """Return a function that reserves."""
    soon = utc_now() + timedelta(minutes=15)
    return lambda: holds.reserve_units(reference, quantities, soon)


class TestReserve:
    def test_never_sells_a_unit_twice(self, commit, together, read):
        """Of 80 buyers of 50 units, exactly 50 get one and 30 are refused."""
        (variant,) = commit(factories.make_variants, stock=50)

        answers = together(reserving(new_id(), {variant: 1}) for _ in range(80))

        assert (answers.count("held"), answers.count("short")) == (50, 30)
        assert read(variant) == (50, 50)

    def test_takes_locks_in_one_order(self, commit, together, read):
        """Carts with the same variants in opposite orders wait for each other, and all succeed.

        No transaction is retried here, so a deadlock would fail the test.
        """
        variants = commit(factories.make_variants, 6, stock=100)
        carts = [dict.fromkeys(order, 1) for order in (variants, variants[::-1])] * 30

        answers = together(reserving(new_id(), cart) for cart in carts)

        assert answers == ["held"] * 60
        assert {read(variant) for variant in variants} == {(100, 60)}

    def test_refuses_whole_carts(self, commit, together, read):
        """A cart whose second line is short reserves nothing of the first."""
        plenty, scarce = commit(factories.make_variants, 2, stock=40)
        commit(factories.hold, {scarce: 30})

        answers = together(reserving(new_id(), {plenty: 1, scarce: 1}) for _ in range(40))

        assert (answers.count("held"), answers.count("short")) == (10, 30)
        assert (read(plenty), read(scarce)) == ((40, 10), (40, 40))

    def test_reserves_once_per_reference(self, commit, together, read):
        """Of concurrent calls for one reference, one reserves and the others return "already"."""
        (variant,) = commit(factories.make_variants, stock=50)
        reference = new_id()

        answers = together(reserving(reference, {variant: 3}) for _ in range(THREADS))

        assert sorted(answers) == ["already"] * (THREADS - 1) + ["held"]
        assert read(variant) == (50, 3)


class TestRelease:
    def test_leaves_nothing_reserved(self, commit, together, read):
        """A concurrent reserve and release leave nothing reserved, in either order."""
        (variant,) = commit(factories.make_variants, stock=50)
        references = [new_id() for _ in range(20)]

        together(
            step
            for reference in references
            for step in (
                reserving(reference, {variant: 1}),
                lambda reference=reference: reservations.release_units(reference),
            )
        )

        statuses = commit(
            lambda: {session.get(Reservation, reference).status for reference in references}
        )
        assert (statuses, read(variant)) == ({"released"}, (50, 0))

    def test_only_one_of_release_and_commit_succeeds(self, commit, together):
        """Of a concurrent commit and expiry, the second finds that the first has happened."""
        (variant,) = commit(factories.make_variants, stock=50)
        references = [commit(factories.hold, {variant: 1}) for _ in range(20)]

        answers = together(
            step
            for reference in references
            for step in (
                lambda reference=reference: reservations.commit_reservation(reference),
                lambda reference=reference: _release_if_held(reference),
            )
        )

        paid, expired = answers[::2], answers[1::2]
        assert all(
            was_paid is not was_expired for was_paid, was_expired in zip(paid, expired, strict=True)
        )


class TestShip:
    def test_happens_once_per_sequence(self, commit, together, read):
        """Concurrent calls for one fulfilment ship the units once."""
        (variant,) = commit(factories.make_variants, stock=50)
        reference = commit(factories.sell, {variant: 10})

        together(
            lambda sequence=sequence: shipments.ship_units(reference, sequence, {variant: 1})
            for sequence in [1, 2, 3, 4] * 4
        )

        assert read(variant) == (46, 6)

    def test_takes_locks_in_one_order(self, commit, together, read):
        """Parcels with the same variants in opposite orders wait for each other, and all leave.

        No transaction is retried here, so a deadlock would fail the test.
        """
        variants = commit(factories.make_variants, 6, stock=100)
        parcels = [dict.fromkeys(order, 1) for order in (variants, variants[::-1])] * 15
        references = [commit(factories.sell, parcel) for parcel in parcels]

        together(
            lambda reference=reference, parcel=parcel: shipments.ship_units(reference, 1, parcel)
            for reference, parcel in zip(references, parcels, strict=True)
        )

        assert {read(variant) for variant in variants} == {(70, 0)}


class TestUnship:
    def test_happens_once_per_sequence(self, commit, together, read):
        """Concurrent calls for one canceled fulfilment return the units once."""
        (variant,) = commit(factories.make_variants, stock=50)
        reference = commit(factories.sell, {variant: 10})
        for sequence in (1, 2):
            commit(shipments.ship_units, reference, sequence, {variant: 2})

        together(
            lambda sequence=sequence: shipments.unship_units(reference, sequence, {variant: 2})
            for sequence in [1, 2] * 4
        )

        assert read(variant) == (50, 10)


class TestAdjustStock:
    def test_keeps_reserved_units(self, commit, together, read):
        """After concurrent receipts, losses and orders the sums agree."""
        variants = commit(factories.make_variants, 3, stock=100)

        def adjusting(quantity, order):
            changes = [
                Adjustment(variant_id=variant, quantity=quantity, reason="Count")
                for variant in order
            ]
            return lambda: len(adjust_stock(changes, actor_id=None).levels)

        answers = together(
            step
            for _ in range(10)
            for step in (
                adjusting(5, variants),
                reserving(new_id(), dict.fromkeys(variants[::-1], 2)),
                adjusting(-3, variants[::-1]),
            )
        )

        assert answers == [3, "held", 3] * 10
        assert {read(variant) for variant in variants} == {(120, 20)}


def _release_if_held(reference):
    """Release a held reservation as an expiry does: check the status under the lock first."""
    reservation = reservations.lock_reservation(reference)
    if reservation.status != "held":
        return False
    reservations.release_units(reference)
    return True
