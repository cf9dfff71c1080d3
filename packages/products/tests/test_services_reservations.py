from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_contracts.stock import InsufficientStock
from mercato_contracts.stock import ReservationGone
from mercato_contracts.stock import Shortage
from mercato_contracts.stock import Stock
from mercato_kit import services
from mercato_kit.db import new_id
from mercato_kit.db import session
from mercato_kit.db import utc_now
from mercato_products.models import DEFAULT_LOCATION_ID
from mercato_products.models import Reservation
from mercato_products.models import ReservationLine
from mercato_products.models import StockLevel
from mercato_products.models import StockMovement

from . import factories
from .invariants import check_invariants

SOON = timedelta(minutes=15)


@pytest.fixture
def stock(commit):
    """Calls the contract, each call in a unit of work of its own."""

    def call(verb, *arguments):
        return commit(lambda: getattr(services.get(Stock), verb)(*arguments))

    return call


@pytest.fixture
def read(commit):
    """Reads on_hand and reserved of a variant."""

    def level(variant_id):
        row = session.get(StockLevel, (variant_id, DEFAULT_LOCATION_ID))
        return row.on_hand, row.reserved

    return lambda variant_id: commit(level, variant_id)


@pytest.fixture
def status(commit):
    """Reads the status of a reservation."""
    return lambda reference: commit(lambda: session.get(Reservation, reference).status)


@pytest.fixture
def invariants(commit):
    """Checks the ledger after the test."""
    yield
    commit(check_invariants)


@pytest.mark.usefixtures("invariants")
class TestReserve:
    def test_promises_units(self, commit, stock, read, status):
        """Promised units stay in the building and are not free any more."""
        one, two = commit(factories.make_variants, 2, stock=10)
        reference = new_id()

        answer = stock("reserve", reference, {one: 3, two: 10}, utc_now() + SOON)

        assert (answer, status(reference)) == ("held", "held")
        assert (read(one), read(two)) == ((10, 3), (10, 10))

    def test_acts_once(self, commit, stock, read):
        """A repeated call, even for other units, promises nothing more."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.hold, {variant: 3})

        answer = stock("reserve", reference, {variant: 4}, utc_now() + SOON)

        assert (answer, read(variant)) == ("already", (10, 3))

    def test_names_every_variant_that_is_short(self, commit, stock, read):
        """All or none: a short line leaves nothing reserved, and each short variant is named."""
        rich, poor, empty = commit(factories.make_variants, 3, stock=5)
        commit(factories.hold, {poor: 3, empty: 5})

        with pytest.raises(InsufficientStock) as refusal:
            stock("reserve", new_id(), {rich: 1, poor: 4, empty: 1}, utc_now() + SOON)

        assert set(refusal.value.shortages) == {Shortage(poor, 4, 2), Shortage(empty, 1, 0)}
        assert (read(rich), read(poor), read(empty)) == ((5, 0), (5, 3), (5, 5))

    def test_leaves_nothing_even_if_the_caller_goes_on(self, commit, read):
        """Nothing was reserved, also where the caller catches the refusal and commits."""
        rich, poor = commit(factories.make_variants, 2, stock=5)
        reference = new_id()

        def go_on():
            stock = services.get(Stock)
            with pytest.raises(InsufficientStock):
                stock.reserve(reference, {rich: 5, poor: 6}, utc_now() + SOON)
            return stock.reserve(reference, {rich: 4}, utc_now() + SOON)

        assert commit(go_on) == "held"
        assert (read(rich), read(poor)) == ((5, 4), (5, 0))

    def test_knows_no_units_of_what_was_never_received(self, commit, stock):
        """A variant without a level, or that does not exist, is short by all of them."""
        (variant,) = commit(factories.make_variants)
        stranger = new_id()

        with pytest.raises(InsufficientStock) as refusal:
            stock("reserve", new_id(), {variant: 1, stranger: 2}, utc_now() + SOON)

        assert set(refusal.value.shortages) == {Shortage(variant, 1, 0), Shortage(stranger, 2, 0)}

    def test_promises_unseen_units_up_to_the_limit(self, commit, stock, read):
        """A variant on back order can be promised beyond what is in the building, to its limit."""
        (variant,) = commit(factories.make_variants, stock=2)
        commit(lambda: factories.allow_back_orders(session, variant, 3))

        answer = stock("reserve", new_id(), {variant: 5}, utc_now() + SOON)

        assert (answer, read(variant)) == ("held", (2, 5))
        with pytest.raises(InsufficientStock):
            stock("reserve", new_id(), {variant: 1}, utc_now() + SOON)

    def test_never_runs_out_of_what_is_not_tracked(self, commit, stock):
        """A variant without counted stock needs no level and gets none."""
        (card,) = commit(factories.make_variants, track_inventory=False)

        answer = stock("reserve", new_id(), {card: 999}, utc_now() + SOON)

        assert answer == "held"
        assert commit(lambda: session.get(StockLevel, (card, DEFAULT_LOCATION_ID))) is None

    def test_writes_the_ledger(self, commit):
        """Each promise is one row of the ledger, with its reference."""
        (variant,) = commit(factories.make_variants, stock=10)

        reference = commit(factories.hold, {variant: 3})

        row = commit(
            lambda: session.scalars(
                sa.select(StockMovement).where(StockMovement.reference == reference)
            ).one()
        )
        assert (row.kind, row.on_hand_delta, row.reserved_delta) == ("reserve", 0, 3)

    @pytest.mark.parametrize("lines", [1, 5, 20])
    def test_needs_five_statements_whatever_the_lines(self, commit, stock, statements, lines):
        """Reservation, levels, one UPDATE, lines, ledger; tracked or not."""
        tracked = commit(factories.make_variants, lines, stock=10)
        untracked = commit(factories.make_variants, 2, track_inventory=False)

        with statements as sent:
            stock("reserve", new_id(), dict.fromkeys([*tracked, *untracked], 2), utc_now() + SOON)

        assert len(sent) == 5, sent

    def test_locks_levels_in_order_before_it_changes_them(
        self, commit, stock, statements, database
    ):
        """PostgreSQL locks them sorted, and in the way that inserts of others do not wait for."""
        variants = commit(factories.make_variants, 3, stock=10)

        with statements as sent:
            stock("reserve", new_id(), dict.fromkeys(variants, 2), utc_now() + SOON)

        look, change = sent.statements[1:3]
        assert change.startswith("UPDATE products_stock_level")
        assert ("FOR NO KEY UPDATE" in look) is (database.kind == "postgresql")
        order = "ORDER BY products_stock_level.variant_id, products_stock_level.location_id"
        assert order in " ".join(look.split())


@pytest.mark.usefixtures("invariants")
class TestExtend:
    def test_lets_a_promise_hold_longer(self, commit, stock):
        """The later end counts, so an earlier one changes nothing."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference, later = commit(factories.hold, {variant: 3}), utc_now() + timedelta(hours=1)

        answers = [stock("extend", reference, later), stock("extend", reference, utc_now())]

        assert answers == [True, True]
        assert commit(lambda: session.get(Reservation, reference).expires_at) == later

    def test_finds_a_promise_gone(self, commit, stock):
        """What was released, or never reserved, cannot be extended."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.hold, {variant: 3})
        stock("release", reference)

        answers = [stock("extend", each, utc_now() + SOON) for each in (reference, new_id())]

        assert answers == [False, False]


@pytest.mark.usefixtures("invariants")
class TestCommit:
    def test_makes_a_promise_final(self, commit, stock, status):
        """Repeating it says the same."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.hold, {variant: 3})

        answers = [stock("commit", reference), stock("commit", reference)]

        assert (answers, status(reference)) == ([True, True], "committed")

    def test_finds_a_promise_gone(self, commit, stock):
        """What was released, or never reserved, cannot be paid for."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.hold, {variant: 3})
        stock("release", reference)

        assert [stock("commit", reference), stock("commit", new_id())] == [False, False]


@pytest.mark.usefixtures("invariants")
class TestShip:
    def test_takes_units_out_of_the_building(self, commit, stock, read, status):
        """Shipped units are neither in the building nor promised any more."""
        one, two = commit(factories.make_variants, 2, stock=10)
        reference = commit(factories.sell, {one: 3, two: 2})

        stock("ship", reference, 1, {one: 2})

        assert (read(one), read(two), status(reference)) == ((8, 1), (10, 2), "committed")

    def test_acts_once_for_each_number(self, commit, stock, read):
        """A repeated fulfilment ships nothing; the next one does."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.sell, {variant: 3})

        for sequence in (1, 1, 2):
            stock("ship", reference, sequence, {variant: 1})

        assert read(variant) == (8, 1)

    def test_closes_with_the_last_unit(self, commit, stock, read, status):
        """When all is shipped the promise is closed, and repeating the last call is harmless."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.sell, {variant: 3})

        stock("ship", reference, 1, {variant: 3})
        stock("ship", reference, 1, {variant: 3})

        assert (status(reference), read(variant)) == ("closed", (7, 0))

    def test_refuses_more_than_is_left(self, commit, stock, read):
        """More than promised, another variant, or a promise that is not final: nothing leaves."""
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

    def test_refuses_units_that_are_not_there_yet(self, commit, stock, read):
        """A unit that was promised unseen leaves when it has arrived, not before."""
        seen, unseen = commit(factories.make_variants, 2, stock=1)
        commit(lambda: factories.allow_back_orders(session, unseen, 5))
        reference = commit(factories.sell, {seen: 1, unseen: 3})

        with pytest.raises(InsufficientStock) as refusal:
            stock("ship", reference, 1, {seen: 1, unseen: 3})
        commit(factories.receive, unseen, units=2)
        stock("ship", reference, 1, {seen: 1, unseen: 3})

        assert refusal.value.shortages == (Shortage(unseen, 3, 1),)
        assert (read(seen), read(unseen)) == ((0, 0), (0, 0))

    def test_ships_once_what_is_not_tracked(self, commit, stock):
        """Also a variant without a level is shipped once for each number."""
        (card,) = commit(factories.make_variants, track_inventory=False)
        reference = commit(factories.sell, {card: 3})

        stock("ship", reference, 1, {card: 1})
        stock("ship", reference, 1, {card: 1})

        line = commit(lambda: session.get(ReservationLine, (reference, card, DEFAULT_LOCATION_ID)))
        assert line.shipped == 1


@pytest.mark.usefixtures("invariants")
class TestRelease:
    def test_gives_back_all_that_is_left(self, commit, stock, read, status):
        """Released units are free again; a repeated call frees nothing more."""
        (variant,) = commit(factories.make_variants, stock=10)
        other, reference = (
            commit(factories.hold, {variant: 4}),
            commit(factories.hold, {variant: 3}),
        )

        stock("release", reference)
        stock("release", reference)

        assert (read(variant), status(reference), status(other)) == ((10, 4), "released", "held")

    def test_marks_an_unknown_reference(self, commit, stock, read, status):
        """A reserve that comes after its own release does not come back to life."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = new_id()

        stock("release", reference)
        answer = stock("reserve", reference, {variant: 1}, utc_now() + SOON)

        assert (answer, read(variant), status(reference)) == ("released", (10, 0), "released")

    def test_never_reserves_again(self, commit, stock, read):
        """A reference that was released once stays released."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.hold, {variant: 3})
        stock("release", reference)

        answer = stock("reserve", reference, {variant: 3}, utc_now() + SOON)

        assert (answer, read(variant)) == ("released", (10, 0))

    def test_gives_back_a_part_once(self, commit, stock, read, status):
        """Some units of a variant are released once; the rest stays promised, then goes too."""
        one, two = commit(factories.make_variants, 2, stock=10)
        reference = commit(factories.sell, {one: 3, two: 2})

        stock("release", reference, {one: 1})
        stock("release", reference, {one: 1})
        after_part = (read(one), read(two), status(reference))
        stock("release", reference)

        assert after_part == ((10, 2), (10, 2), "committed")
        assert (read(one), read(two), status(reference)) == ((10, 0), (10, 0), "released")

    def test_closes_what_was_shipped_in_part(self, commit, stock, read, status):
        """Shipped units do not come back with the rest; the promise is closed, not released."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.sell, {variant: 3})
        stock("ship", reference, 1, {variant: 1})

        stock("release", reference)

        assert (read(variant), status(reference)) == ((9, 0), "closed")

    def test_gives_back_no_more_than_is_promised(self, commit, stock, read, status):
        """Units and variants that are not promised are not counted."""
        one, two = commit(factories.make_variants, 2, stock=10)
        reference = commit(factories.hold, {one: 3})

        stock("release", reference, {one: 99, two: 5})

        assert (read(one), read(two), status(reference)) == ((10, 0), (10, 0), "released")


@pytest.mark.usefixtures("invariants")
class TestRestock:
    def test_takes_shipped_units_back(self, commit, stock, read):
        """Returned units are in the building and free; each return counts once."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.sell, {variant: 3})
        stock("ship", reference, 1, {variant: 3})

        for sequence in (1, 1, 2):
            stock("restock", reference, sequence, {variant: 1})

        assert read(variant) == (9, 0)

    def test_refuses_more_than_was_shipped(self, commit, stock, read):
        """Over all returns no more comes back than went out."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.sell, {variant: 3})
        stock("ship", reference, 1, {variant: 2})
        stock("restock", reference, 1, {variant: 1})

        for unknown_or_not in (reference, new_id()):
            with pytest.raises(ReservationGone):
                stock("restock", unknown_or_not, 2, {variant: 2})

        assert read(variant) == (9, 1)


class TestStatements:
    @pytest.mark.parametrize("verb", ["extend", "commit", "ship", "release", "restock"])
    def test_are_as_many_for_one_line_as_for_twenty(self, commit, stock, statements, verb):
        """No verb of the contract needs more statements for more lines."""
        counts = set()
        for lines in (1, 5, 20):
            quantities = dict.fromkeys(commit(factories.make_variants, lines, stock=10), 2)
            reference = commit(factories.sell, quantities)
            if verb == "restock":
                stock("ship", reference, 1, quantities)
            arguments = {
                "extend": [utc_now() + SOON],
                "ship": [1, quantities],
                "restock": [1, quantities],
            }
            with statements as sent:
                stock(verb, reference, *arguments.get(verb, []))
            counts.add(len(sent))
            statements.statements.clear()

        assert len(counts) == 1, counts
