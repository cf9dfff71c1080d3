"""The suite of the contract stock."""

import pytest
import sqlalchemy as sa

from mercato_contracts.stock import InsufficientStock, ReservationGone, Shortage
from mercato_kit.db import new_id, session
from mercato_testing.contracts import StockSuite
from mercato_testing.samples.notes import feature  # noqa: F401 - under test

from .test_contracts_taxes import run


class Shelf:
    """Keeps 10 units of any variant in memory."""

    transactional = True

    def __init__(self):
        self.free = {}
        self.status = {}
        self.lines = {}
        self.done = set()

    def reserve(self, reference, quantities, expires_at):
        """Reserve all units or none."""
        if reference in self.status:
            return "released" if self.status[reference] == "released" else "already"
        short = [
            Shortage(each, units, self.left(each))
            for each, units in quantities.items()
            if self.left(each) < units
        ]
        if short:
            raise InsufficientStock(short)
        self.status[reference] = "held"
        self.lines[reference] = {
            each: {"reserved": units, "away": 0} for each, units in quantities.items()
        }
        self.put({each: -units for each, units in quantities.items()})
        return "held"

    def extend(self, reference, until):
        """Say whether there is a reservation."""
        return self.status.get(reference, "released") != "released"

    def commit(self, reference):
        """Make the reservation final."""
        if not self.extend(reference, None):
            return False
        self.status[reference] = "committed"
        return True

    def ship(self, reference, sequence, quantities):
        """Move reserved units away."""
        if self.is_first(reference, "ship", sequence):
            if self.status.get(reference) != "committed":
                raise ReservationGone(reference)
            self.move(reference, quantities, "reserved", "away")
            self.done.add((reference, "ship", sequence))

    def unship(self, reference, sequence, quantities):
        """Move units that are away back to the reserved ones."""
        if self.is_first(reference, "unship", sequence):
            self.move(reference, quantities, "away", "reserved")
            self.done.add((reference, "unship", sequence))

    def release(self, reference, lines=None, sequence=0):
        """Free reserved units."""
        known = self.lines.get(reference, {})
        kind = "release all" if lines is None else "release"
        if self.is_first(reference, kind, sequence):
            for each, line in known.items():
                units = line["reserved"] if lines is None else lines.get(each, 0)
                line["reserved"] -= units
                self.put({each: units})
            self.done.add((reference, kind, sequence))
        if not any(line["reserved"] or line["away"] for line in known.values()):
            self.status[reference] = "released"

    def restock(self, reference, sequence, lines):
        """Free units that are away."""
        if self.is_first(reference, "restock", sequence):
            self.move(reference, lines, "away", None)
            self.put(lines)
            self.done.add((reference, "restock", sequence))

    def is_first(self, reference, kind, sequence):
        """Return whether a number is new."""
        return (reference, kind, sequence) not in self.done

    def move(self, reference, units, source, target):
        """Move units of a reservation from one place to another."""
        lines = self.lines.get(reference, {})
        if any(lines.get(each, {source: 0})[source] < count for each, count in units.items()):
            raise ReservationGone(reference)
        for each, count in units.items():
            lines[each][source] -= count
            if target:
                lines[each][target] += count

    def left(self, variant_id):
        """Return the free units of a variant."""
        return self.free.get(variant_id, 10)

    def put(self, units):
        """Add free units."""
        for each, count in units.items():
            self.free[each] = self.left(each) + count


def variants():
    """Return the ids of three variants."""
    return [new_id(), new_id(), new_id()]


def suite_of(kind):
    """Return the suite of one provider of a class."""
    made = kind()

    class Suite(StockSuite):
        provider = staticmethod(lambda: made)

    return Suite()


class TestAGoodProvider(StockSuite):
    @pytest.fixture(autouse=True)
    def _a_provider_each(self):
        made = Shelf()
        type(self).provider = staticmethod(lambda: made)

    @pytest.fixture
    def variants(self):
        """Any ids."""
        return variants()


class Repeating(Shelf):
    """Does not know which numbers it has seen."""

    def is_first(self, reference, kind, sequence):
        """Return that it is new."""
        return True


class Partial(Shelf):
    """Reserves what is there, and then refuses."""

    def reserve(self, reference, quantities, expires_at):
        """Reserve what is there."""
        there = {each: units for each, units in quantities.items() if units <= self.left(each)}
        if there:
            result = super().reserve(reference, there, expires_at)
        if there != quantities:
            raise InsufficientStock([Shortage(each, 1, 0) for each in quantities.keys() - there])
        return result


class Forgetful(Shelf):
    """Does not remember the release of an unknown reference."""

    def release(self, reference, lines=None, sequence=0):
        """Release known references."""
        if reference in self.lines:
            super().release(reference, lines, sequence)


class Fleeting(Shelf):
    """Commits only once."""

    def commit(self, reference):
        """Commit a held reservation."""
        return self.status.get(reference) == "held" and super().commit(reference)


class Hasty(Shelf):
    """Ships what is not committed."""

    def ship(self, reference, sequence, quantities):
        """Commit, then ship."""
        self.commit(reference)
        super().ship(reference, sequence, quantities)


class Unnumbered(Shelf):
    """Releases some units of a variant once, as stock 1.0 did."""

    def release(self, reference, lines=None, sequence=0):
        """Ignore the number."""
        super().release(reference, lines, 0)


class Returning(Shelf):
    """Frees the units of a canceled fulfilment instead of reserving them."""

    def unship(self, reference, sequence, quantities):
        """Free the units."""
        self.restock(reference, 100 + sequence, quantities)


class TestStockSuite:
    @pytest.mark.parametrize(
        ("kind", "test"),
        [
            (Repeating, "ships_once_per_number"),
            (Repeating, "releases_some_once_per_number"),
            (Repeating, "unships_once_per_number"),
            (Repeating, "restocks_once_per_number"),
            (Partial, "reserves_all_or_none"),
            (Forgetful, "a_released_reference_stays_released"),
            (Fleeting, "extends_and_commits"),
            (Hasty, "ships_what_is_committed"),
            (Unnumbered, "releases_some_once_per_number"),
            (Returning, "unships_once_per_number"),
            (Returning, "unshipped_units_ship_again"),
        ],
    )
    def test_finds_broken_promises(self, kind, test):
        """Each promise has a provider that breaks it, and is found."""
        broken = getattr(suite_of(kind), f"test_{test}")

        with pytest.raises((pytest.fail.Exception, ReservationGone)):
            broken(run, variants())

        getattr(suite_of(Shelf), f"test_{test}")(run, variants())

    def test_finds_a_second_reservation(self):
        """A provider that reserves again for the same reference is found."""

        class Greedy(Shelf):
            def reserve(self, reference, quantities, expires_at):
                return super().reserve(new_id(), quantities, expires_at)

        with pytest.raises(pytest.fail.Exception, match="held"):
            suite_of(Greedy).test_reserves_once(run, variants())

    def test_finds_a_statement_for_each_line(self, commit, statements):
        """A provider that sends a statement for each line is found."""

        class Chatty(Shelf):
            def ship(self, reference, sequence, quantities):
                for _ in quantities:
                    session.execute(sa.select(sa.literal(1)))
                super().ship(reference, sequence, quantities)

        with pytest.raises(pytest.fail.Exception, match="ship"):
            suite_of(Chatty).test_sends_as_many_statements_for_many_lines(
                commit, statements, variants()
            )
