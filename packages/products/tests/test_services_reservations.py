from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_contracts.stock import InsufficientStock, ReservationGone, Shortage, Stock
from mercato_kit import services
from mercato_kit.db import new_id, session, utc_now
from mercato_products.models import (
    DEFAULT_LOCATION_ID,
    Reservation,
    ReservationLine,
    StockLevel,
    StockMovement,
)

from . import factories
from .invariants import check_invariants

SOON = timedelta(minutes=15)


@pytest.fixture
def stock(commit):
    """A function that calls the contract, each call in its own unit of work."""

    def call(verb, *arguments):
        return commit(lambda: getattr(services.get(Stock), verb)(*arguments))

    return call


@pytest.fixture
def read(commit):
    """A function that returns on_hand and reserved of a variant."""

    def level(variant_id):
        row = session.get(StockLevel, (variant_id, DEFAULT_LOCATION_ID))
        return row.on_hand, row.reserved

    return lambda variant_id: commit(level, variant_id)


@pytest.fixture
def status(commit):
    """A function that returns the status of a reservation."""
    return lambda reference: commit(lambda: session.get(Reservation, reference).status)


@pytest.fixture
def invariants(commit):
    """Check the invariants after the test."""
    yield
    commit(check_invariants)


@pytest.mark.usefixtures("invariants")
class TestReserve:
    def test_reserves_units(self, commit, stock, read, status):
        """Reserved units stay on hand and are no longer available."""
        one, two = commit(factories.make_variants, 2, stock=10)
        reference = new_id()

        answer = stock("reserve", reference, {one: 3, two: 10}, utc_now() + SOON)

        assert (answer, status(reference)) == ("held", "held")
        assert (read(one), read(two)) == ((10, 3), (10, 10))

    def test_is_idempotent(self, commit, stock, read):
        """A repeated call, even for other units, reserves nothing more."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.hold, {variant: 3})

        answer = stock("reserve", reference, {variant: 4}, utc_now() + SOON)

        assert (answer, read(variant)) == ("already", (10, 3))

    def test_lists_every_shortage(self, commit, stock, read):
        """If one line is short, nothing is reserved, and all shortages are listed."""
        rich, poor, empty = commit(factories.make_variants, 3, stock=5)
        commit(factories.hold, {poor: 3, empty: 5})

        with pytest.raises(InsufficientStock) as refusal:
            stock("reserve", new_id(), {rich: 1, poor: 4, empty: 1}, utc_now() + SOON)

        assert set(refusal.value.shortages) == {Shortage(poor, 4, 2), Shortage(empty, 1, 0)}
        assert (read(rich), read(poor), read(empty)) == ((5, 0), (5, 3), (5, 5))

    def test_reserves_nothing_if_the_caller_commits(self, commit, read):
        """Nothing is reserved even if the caller catches the exception and commits."""
        rich, poor = commit(factories.make_variants, 2, stock=5)
        reference = new_id()

        def go_on():
            stock = services.get(Stock)
            with pytest.raises(InsufficientStock):
                stock.reserve(reference, {rich: 5, poor: 6}, utc_now() + SOON)
            return stock.reserve(reference, {rich: 4}, utc_now() + SOON)

        assert commit(go_on) == "held"
        assert (read(rich), read(poor)) == ((5, 4), (5, 0))

    def test_variants_without_a_level_are_short(self, commit, stock):
        """An unknown variant and one without a level have no available units."""
        (variant,) = commit(factories.make_variants)
        stranger = new_id()

        with pytest.raises(InsufficientStock) as refusal:
            stock("reserve", new_id(), {variant: 1, stranger: 2}, utc_now() + SOON)

        assert set(refusal.value.shortages) == {Shortage(variant, 1, 0), Shortage(stranger, 2, 0)}

    def test_reserves_up_to_the_backorder_limit(self, commit, stock, read):
        """Units beyond those on hand can be reserved up to the backorder limit."""
        (variant,) = commit(factories.make_variants, stock=2)
        commit(lambda: factories.allow_back_orders(session, variant, 3))

        answer = stock("reserve", new_id(), {variant: 5}, utc_now() + SOON)

        assert (answer, read(variant)) == ("held", (2, 5))
        with pytest.raises(InsufficientStock):
            stock("reserve", new_id(), {variant: 1}, utc_now() + SOON)

    def test_untracked_variants_are_unlimited(self, commit, stock):
        """A variant without tracked inventory needs no level and gets none."""
        (card,) = commit(factories.make_variants, track_inventory=False)

        answer = stock("reserve", new_id(), {card: 999}, utc_now() + SOON)

        assert answer == "held"
        assert commit(lambda: session.get(StockLevel, (card, DEFAULT_LOCATION_ID))) is None

    def test_records_movements(self, commit):
        """Each reserved line is a row of the ledger, with the reference."""
        (variant,) = commit(factories.make_variants, stock=10)

        reference = commit(factories.hold, {variant: 3})

        row = commit(
            lambda: session.scalars(
                sa.select(StockMovement).where(StockMovement.reference == reference)
            ).one()
        )
        assert (row.kind, row.on_hand_delta, row.reserved_delta) == ("reserve", 0, 3)

    @pytest.mark.parametrize("lines", [1, 20])
    def test_takes_one_statement_and_the_rows_at_the_end(
        self, commit, stock, statements, database, lines
    ):
        """For any number of lines; SQLite has a statement for each step, and one a table."""
        tracked = commit(factories.make_variants, lines, stock=10)
        untracked = commit(factories.make_variants, 2, track_inventory=False)
        wanted = dict.fromkeys([*tracked, *untracked], 2)

        with statements as sent:
            stock("reserve", new_id(), wanted, utc_now() + SOON)

        assert len(sent) == (2 if database.kind == "postgresql" else 5), sent

    def test_looks_closer_on_sqlite_only_if_not_all_was_taken(
        self, commit, stock, statements, database
    ):
        """If all variants are tracked and have enough, the claim and one UPDATE are enough."""
        variants = commit(factories.make_variants, 3, stock=10)

        with statements as sent:
            stock("reserve", new_id(), dict.fromkeys(variants, 2), utc_now() + SOON)

        assert len(sent) == (2 if database.kind == "postgresql" else 4), sent

    def test_locks_levels_in_order_before_it_changes_them(
        self, commit, stock, statements, database
    ):
        """PostgreSQL locks levels in sorted order, with a lock that does not block inserts."""
        variants = commit(factories.make_variants, 3, stock=10)

        with statements as sent:
            stock("reserve", new_id(), dict.fromkeys(variants, 2), utc_now() + SOON)

        text = " ".join(sent.statements[0].split())
        order = "ORDER BY products_stock_level.variant_id, products_stock_level.location_id"
        assert (f"{order} FOR NO KEY UPDATE" in text) is (database.kind == "postgresql")

    def test_is_not_short_if_the_reference_has_the_last_units(self, commit, stock, read):
        """A repeated call for units that are all reserved by the first one is no shortage."""
        (variant,) = commit(factories.make_variants, stock=3)
        reference = commit(factories.hold, {variant: 3})

        assert stock("reserve", reference, {variant: 3}, utc_now() + SOON) == "already"
        assert read(variant) == (3, 3)

    def test_names_only_the_variants_that_are_short(self, commit, stock, read):
        """Variants with enough units, and those that are not tracked, are no shortages."""
        poor, rich = commit(factories.make_variants, 2, stock=5)
        (card,) = commit(factories.make_variants, track_inventory=False)

        with pytest.raises(InsufficientStock) as refusal:
            stock("reserve", new_id(), {poor: 6, rich: 5, card: 9}, utc_now() + SOON)

        assert refusal.value.shortages == (Shortage(poor, 6, 5),)
        assert (read(poor), read(rich)) == ((5, 0), (5, 0))


@pytest.mark.usefixtures("invariants")
class TestExtend:
    def test_extends_a_reservation(self, commit, stock):
        """The later expiry counts; an earlier one changes nothing."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference, later = commit(factories.hold, {variant: 3}), utc_now() + timedelta(hours=1)

        answers = [stock("extend", reference, later), stock("extend", reference, utc_now())]

        assert answers == [True, True]
        assert commit(lambda: session.get(Reservation, reference).expires_at) == later

    def test_returns_false_if_released(self, commit, stock):
        """A released or unknown reservation cannot be extended."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.hold, {variant: 3})
        stock("release", reference)

        answers = [stock("extend", each, utc_now() + SOON) for each in (reference, new_id())]

        assert answers == [False, False]


@pytest.mark.usefixtures("invariants")
class TestCommit:
    def test_commits_a_reservation(self, commit, stock, status):
        """A repeated call returns the same result."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.hold, {variant: 3})

        answers = [stock("commit", reference), stock("commit", reference)]

        assert (answers, status(reference)) == ([True, True], "committed")

    def test_returns_false_if_released(self, commit, stock):
        """A released or unknown reservation cannot be committed."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.hold, {variant: 3})
        stock("release", reference)

        assert [stock("commit", reference), stock("commit", new_id())] == [False, False]


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
class TestRelease:
    def test_releases_all_remaining_units(self, commit, stock, read, status):
        """Released units are available again; a repeated call has no effect."""
        (variant,) = commit(factories.make_variants, stock=10)
        other, reference = (
            commit(factories.hold, {variant: 4}),
            commit(factories.hold, {variant: 3}),
        )

        stock("release", reference)
        stock("release", reference)

        assert (read(variant), status(reference), status(other)) == ((10, 4), "released", "held")

    def test_records_an_unknown_reference(self, commit, stock, read, status):
        """A reservation that arrives after its own release has no effect."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = new_id()

        stock("release", reference)
        answer = stock("reserve", reference, {variant: 1}, utc_now() + SOON)

        assert (answer, read(variant), status(reference)) == ("released", (10, 0), "released")

    def test_never_reserves_again(self, commit, stock, read):
        """A released reference cannot be reserved again."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.hold, {variant: 3})
        stock("release", reference)

        answer = stock("reserve", reference, {variant: 3}, utc_now() + SOON)

        assert (answer, read(variant)) == ("released", (10, 0))

    def test_releases_a_part_once(self, commit, stock, read, status):
        """A partial release happens once per variant; the rest stays reserved until released."""
        one, two = commit(factories.make_variants, 2, stock=10)
        reference = commit(factories.sell, {one: 3, two: 2})

        stock("release", reference, {one: 1})
        stock("release", reference, {one: 1})
        after_part = (read(one), read(two), status(reference))
        stock("release", reference)

        assert after_part == ((10, 2), (10, 2), "committed")
        assert (read(one), read(two), status(reference)) == ((10, 0), (10, 0), "released")

    def test_releases_a_part_again_under_another_number(self, commit, stock, read):
        """Each number releases its units of a variant, once."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.sell, {variant: 5})

        for sequence in (1, 1, 2, 0):
            stock("release", reference, {variant: 1}, sequence)

        assert read(variant) == (10, 2)

    def test_releases_all_again_under_another_number(self, commit, stock, read, status):
        """All remaining units are released once per number, with units that came back."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.sell, {variant: 3})
        stock("ship", reference, 1, {variant: 1})
        stock("release", reference)
        stock("unship", reference, 1, {variant: 1})

        stock("release", reference)
        repeated = (read(variant), status(reference))
        stock("release", reference, None, 1)

        assert repeated == ((10, 1), "committed")
        assert (read(variant), status(reference)) == ((10, 0), "released")

    def test_closes_a_partially_shipped_reservation(self, commit, stock, read, status):
        """Releasing the rest of a partially shipped reservation closes it."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.sell, {variant: 3})
        stock("ship", reference, 1, {variant: 1})

        stock("release", reference)

        assert (read(variant), status(reference)) == ((9, 0), "closed")

    def test_releases_no_more_than_is_reserved(self, commit, stock, read, status):
        """Units and variants that are not reserved are ignored."""
        one, two = commit(factories.make_variants, 2, stock=10)
        reference = commit(factories.hold, {one: 3})

        stock("release", reference, {one: 99, two: 5})

        assert (read(one), read(two), status(reference)) == ((10, 0), (10, 0), "released")


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


class TestStatements:
    @pytest.mark.parametrize("verb", ["extend", "commit", "ship", "unship", "release", "restock"])
    def test_do_not_depend_on_the_number_of_lines(self, commit, stock, statements, verb):
        """Each method takes the same number of statements for 1 and for 20 lines: 6 at most."""
        counts = set()
        for lines in (1, 20):
            quantities = dict.fromkeys(commit(factories.make_variants, lines, stock=10), 2)
            reference = commit(factories.sell, quantities)
            if verb in ("unship", "restock"):
                stock("ship", reference, 1, quantities)
            arguments = {
                "extend": [utc_now() + SOON],
                "ship": [1, quantities],
                "unship": [1, quantities],
                "restock": [1, quantities],
            }
            with statements as sent:
                stock(verb, reference, *arguments.get(verb, []))
            counts.add(len(sent))

        assert len(counts) == 1, sent
        assert len(sent) <= 6, sent
