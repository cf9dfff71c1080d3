from datetime import timedelta

import pytest

from mercato_contracts.stock import InsufficientStock, ReservationGone, Shortage, Stock
from mercato_kit import services
from mercato_kit.db import new_id, session
from mercato_products.models import (
    DEFAULT_LOCATION_ID,
    ReservationLine,
)

from . import factories

SOON = timedelta(minutes=15)


@pytest.mark.usefixtures("invariants")
class TestShip:
    def test_removes_shipped_units(self, commit, stock, read, status):
        """Shipped units are neither on hand nor reserved."""
        one, two = commit(factories.make_variants, 2, stock=10)
        reference = commit(factories.sell, {one: 3, two: 2})

        stock("ship", reference, 1, {one: 2})

        assert (read(one), read(two), status(reference)) == ((8, 1), (10, 2), "committed")

    def test_acts_once_per_sequence(self, commit, stock, read):
        """A repeated fulfilment ships nothing; the next number does."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.sell, {variant: 3})

        for sequence in (1, 1, 2):
            stock("ship", reference, sequence, {variant: 1})

        assert read(variant) == (8, 1)

    def test_closes_with_the_last_unit(self, commit, stock, read, status):
        """Shipping the last units closes the reservation; a repeated call has no effect."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.sell, {variant: 3})

        stock("ship", reference, 1, {variant: 3})
        stock("ship", reference, 1, {variant: 3})

        assert (status(reference), read(variant)) == ("closed", (7, 0))

    def test_refuses_units_that_are_not_reserved(self, commit, stock, read):
        """Too many units, another variant and an uncommitted reservation are refused."""
        one, two = commit(factories.make_variants, 2, stock=10)
        paid, unpaid = commit(factories.sell, {one: 3}), commit(factories.hold, {one: 3})

        for reference, quantities in [
            (paid, {one: 4}),
            (paid, {one: 1, two: 1}),
            (unpaid, {one: 1}),
            (new_id(), {one: 1}),
        ]:
            with pytest.raises(ReservationGone):
                stock("ship", reference, 1, quantities)

        assert read(one) == (10, 6)

    def test_refuses_backordered_units(self, commit, stock, read):
        """Backordered units can be shipped only after they have arrived."""
        seen, backordered = commit(factories.make_variants, 2, stock=1)
        commit(lambda: factories.allow_back_orders(session, backordered, 5))
        reference = commit(factories.sell, {seen: 1, backordered: 3})

        with pytest.raises(InsufficientStock) as refusal:
            stock("ship", reference, 1, {seen: 1, backordered: 3})
        commit(factories.receive, backordered, units=2)
        stock("ship", reference, 1, {seen: 1, backordered: 3})

        assert refusal.value.shortages == (Shortage(backordered, 3, 1),)
        assert (read(seen), read(backordered)) == ((0, 0), (0, 0))

    def test_ships_nothing_if_the_caller_commits(self, commit, read):
        """Nothing is shipped even if the caller catches the exception and commits."""
        seen, backordered = commit(factories.make_variants, 2, stock=1)
        commit(lambda: factories.allow_back_orders(session, backordered, 5))
        reference = commit(factories.sell, {seen: 1, backordered: 3})

        def go_on():
            with pytest.raises(InsufficientStock):
                services.get(Stock).ship(reference, 1, {seen: 1, backordered: 3})

        commit(go_on)

        assert (read(seen), read(backordered)) == ((1, 1), (1, 3))

    def test_ships_untracked_variants_once(self, commit, stock):
        """A variant without a level, too, is shipped once per sequence."""
        (card,) = commit(factories.make_variants, track_inventory=False)
        reference = commit(factories.sell, {card: 3})

        stock("ship", reference, 1, {card: 1})
        stock("ship", reference, 1, {card: 1})

        line = commit(lambda: session.get(ReservationLine, (reference, card, DEFAULT_LOCATION_ID)))
        assert line.shipped == 1


@pytest.mark.usefixtures("invariants")
class TestUnship:
    def test_reserves_units_of_a_canceled_fulfilment(self, commit, stock, read, status):
        """The units are on hand and reserved again; the reservation is open again."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.sell, {variant: 3})
        stock("ship", reference, 1, {variant: 3})

        stock("unship", reference, 1, {variant: 3})

        assert (read(variant), status(reference)) == ((10, 3), "committed")

    def test_acts_once_per_sequence(self, commit, stock, read):
        """A repeated call returns nothing; the next number does."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.sell, {variant: 3})
        stock("ship", reference, 1, {variant: 1})
        stock("ship", reference, 2, {variant: 1})

        for sequence in (1, 1, 2):
            stock("unship", reference, sequence, {variant: 1})

        assert read(variant) == (10, 3)

    def test_the_units_ship_again(self, commit, stock, read, status):
        """The units ship under another number; the first shipment is not repeated."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.sell, {variant: 3})
        stock("ship", reference, 1, {variant: 3})
        stock("unship", reference, 1, {variant: 3})

        stock("ship", reference, 1, {variant: 3})
        repeated = (read(variant), status(reference))
        stock("ship", reference, 2, {variant: 3})

        assert repeated == ((10, 3), "committed")
        assert (read(variant), status(reference)) == ((7, 0), "closed")

    def test_refuses_units_that_are_not_away(self, commit, stock, read):
        """Too many units, returned ones, other variants and unknown references are refused."""
        one, two = commit(factories.make_variants, 2, stock=10)
        reference = commit(factories.sell, {one: 3, two: 2})
        stock("ship", reference, 1, {one: 3})
        stock("restock", reference, 1, {one: 1})

        for each, quantities in [
            (reference, {one: 3}),
            (reference, {one: 1, two: 1}),
            (reference, {new_id(): 1}),
            (new_id(), {one: 1}),
        ]:
            with pytest.raises(ReservationGone):
                stock("unship", each, 1, quantities)

        assert (read(one), read(two)) == ((8, 0), (10, 2))


@pytest.mark.usefixtures("invariants")
class TestRestock:
    def test_returns_shipped_units_to_stock(self, commit, stock, read):
        """Returned units are on hand and available; each sequence counts once."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.sell, {variant: 3})
        stock("ship", reference, 1, {variant: 3})

        for sequence in (1, 1, 2):
            stock("restock", reference, sequence, {variant: 1})

        assert read(variant) == (9, 0)

    def test_refuses_more_than_was_shipped(self, commit, stock, read):
        """All returns together cannot exceed the shipped units."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.sell, {variant: 3})
        stock("ship", reference, 1, {variant: 2})
        stock("restock", reference, 1, {variant: 1})

        for unknown_or_not in (reference, new_id()):
            with pytest.raises(ReservationGone):
                stock("restock", unknown_or_not, 2, {variant: 2})

        assert read(variant) == (9, 1)
