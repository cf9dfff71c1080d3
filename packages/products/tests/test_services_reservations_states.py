from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from mercato_contracts.stock import InsufficientStock, ReservationGone
from mercato_kit.db import new_id, session, utc_now
from mercato_products.errors import StockBelowReserved
from mercato_products.models import DEFAULT_LOCATION_ID, Reservation, StockLevel
from mercato_products.provides import ProductStock
from mercato_products.services.adjustments import adjust_stock
from mercato_products.values import Adjustment

from . import factories
from .invariants import check_invariants

UNITS = st.integers(1, 4)
NUMBERS = st.integers(1, 2)
WHICH = st.integers(0, 2)
CARTS = st.dictionaries(WHICH, UNITS, min_size=1)
START = 6


class Warehouse(RuleBasedStateMachine):
    """The stock, and a model of it in plain numbers.

    Two variants are tracked (the second one can be backordered), the third is not.
    """

    commit = None
    references = Bundle("references")

    @initialize()
    def fill(self):
        """Receive units of the variants."""
        counted = self.commit(factories.make_variants, 2, stock=START)
        self.variants = [*counted, *self.commit(factories.make_variants, track_inventory=False)]
        self.commit(lambda: factories.allow_back_orders(session, self.variants[1], 3))
        self.on_hand = [START, START, None]
        self.backordered = [0, 3, None]
        self.reservations = {}

    @rule(target=references, cart=CARTS)
    def reserve_anew(self, cart):
        """Reserve for a new reference."""
        reference = new_id()
        self.reserve(reference, cart)
        return reference

    @rule(reference=references, cart=CARTS)
    def reserve(self, reference, cart):
        """Reserve: the model predicts the result."""
        known = self.reservations.get(reference)
        if known is None and not all(self._is_free(each, units) for each, units in cart.items()):
            expected = "short"
        else:
            expected = {None: "held", "released": "released"}.get(
                known and known["status"], "already"
            )

        answer = self._call("reserve", reference, self._named(cart), utc_now() + timedelta(hours=1))

        assert answer == expected
        if answer == "held":
            lines = {each: [units, 0, 0, 0] for each, units in cart.items()}
            self.reservations[reference] = {"status": "held", "lines": lines, "done": set()}

    @rule(reference=references)
    def extend(self, reference):
        """A reservation that is not released can be extended."""
        answer = self._call("extend", reference, utc_now() + timedelta(hours=2))

        assert answer is self._is_alive(reference)

    @rule(reference=references)
    def pay(self, reference):
        """A reservation that is not released can be committed."""
        alive = self._is_alive(reference)

        assert self._call("commit", reference) is alive
        if alive and self.reservations[reference]["status"] == "held":
            self.reservations[reference]["status"] = "committed"

    @rule(reference=references, sequence=NUMBERS, cart=CARTS)
    def ship(self, reference, sequence, cart):
        """Units of a committed reservation ship once per sequence, if they are on hand."""
        reservation = self.reservations.get(reference)
        effect = ("ship", sequence)
        if reservation is None:
            expected = "gone"
        elif effect in reservation["done"]:
            expected = None
        elif reservation["status"] != "committed" or not self._covers(reservation, cart):
            expected = "gone"
        elif any(self._counts(each) and self.on_hand[each] < units for each, units in cart.items()):
            expected = "short"
        else:
            expected = None
            reservation["done"].add(effect)
            for each, units in cart.items():
                reservation["lines"][each][1] += units
                self._add(each, -units)
            self._close(reservation)

        assert self._call("ship", reference, sequence, self._named(cart)) == expected

    @rule(reference=references, sequence=NUMBERS, cart=CARTS)
    def unship(self, reference, sequence, cart):
        """Units that are away are reserved again, once per sequence."""
        if reservation := self._come_back("unship", reference, sequence, cart):
            reservation["status"] = "committed"
            for each, units in cart.items():
                reservation["lines"][each][1] -= units

    @rule(reference=references, sequence=NUMBERS)
    def release(self, reference, sequence):
        """All remaining units are released, once per sequence and variant."""
        assert self._call("release", reference, None, sequence) is None
        reservation = self.reservations.setdefault(
            reference, {"status": "released", "lines": {}, "done": set()}
        )
        for each, line in reservation["lines"].items():
            if ("all", sequence, each) not in reservation["done"] and line[0] > line[1] + line[2]:
                reservation["done"].add(("all", sequence, each))
                line[2] = line[0] - line[1]
        self._close(reservation)

    @rule(reference=references, sequence=NUMBERS, cart=CARTS)
    def release_a_part(self, reference, sequence, cart):
        """Some units of a variant are released, once per sequence."""
        assert self._call("release", reference, self._named(cart), sequence) is None
        reservation = self.reservations.setdefault(
            reference, {"status": "released", "lines": {}, "done": set()}
        )
        for each, units in cart.items():
            line = reservation["lines"].get(each)
            left = line and line[0] - line[1] - line[2]
            if left and ("part", sequence, each) not in reservation["done"]:
                reservation["done"].add(("part", sequence, each))
                line[2] += min(units, left)
        self._close(reservation)

    @rule(reference=references, sequence=NUMBERS, cart=CARTS)
    def restock(self, reference, sequence, cart):
        """Shipped units are returned once per sequence, and never more than were shipped."""
        if reservation := self._come_back("restock", reference, sequence, cart):
            for each, units in cart.items():
                reservation["lines"][each][3] += units

    @rule(each=st.integers(0, 1), units=st.integers(-4, 4).filter(bool))
    def adjust(self, each, units):
        """Units are received or removed, but the reserved units stay covered."""
        after = self.on_hand[each] + units
        allowed = after >= 0 and self._reserved(each) <= after + self.backordered[each]
        change = Adjustment(variant_id=self.variants[each], quantity=units, reason="Count")
        if allowed:
            self._add(each, units)
            self.commit(adjust_stock, [change], actor_id=None)
        else:
            with pytest.raises(StockBelowReserved):
                self.commit(adjust_stock, [change], actor_id=None)

    @invariant()
    def agrees(self):
        """Database and model agree, and the invariants hold."""
        self.commit(self._compare)

    def _compare(self):
        check_invariants()
        for each in (0, 1):
            level = session.get(StockLevel, (self.variants[each], DEFAULT_LOCATION_ID))
            assert (level.on_hand, level.reserved) == (self.on_hand[each], self._reserved(each))
        for reference, reservation in self.reservations.items():
            assert session.get(Reservation, reference).status == reservation["status"]

    def _call(self, verb, *arguments):
        try:
            return self.commit(getattr(ProductStock(), verb), *arguments)
        except InsufficientStock:
            return "short"
        except ReservationGone:
            return "gone"

    def _named(self, cart):
        return {self.variants[each]: units for each, units in cart.items()}

    def _counts(self, each):
        return self.on_hand[each] is not None

    def _add(self, each, units):
        if self._counts(each):
            self.on_hand[each] += units

    def _reserved(self, each):
        lines = [reservation["lines"].get(each) for reservation in self.reservations.values()]
        return sum(line[0] - line[1] - line[2] for line in lines if line)

    def _is_free(self, each, units):
        if not self._counts(each):
            return True
        return self.on_hand[each] + self.backordered[each] - self._reserved(each) >= units

    def _is_alive(self, reference):
        return self.reservations.get(reference, {"status": "released"})["status"] != "released"

    def _come_back(self, verb, reference, sequence, cart):
        """Call a method for units that are away; return the reservation if they come back."""
        reservation = self.reservations.get(reference, {"lines": {}, "done": set()})
        is_done = (verb, sequence) in reservation["done"]
        comes = not is_done and self._are_away(reservation, cart)
        expected = None if is_done or comes else "gone"
        assert self._call(verb, reference, sequence, self._named(cart)) == expected
        if not comes:
            return None
        reservation["done"].add((verb, sequence))
        for each, units in cart.items():
            self._add(each, units)
        return reservation

    def _covers(self, reservation, cart):
        return all(
            each in reservation["lines"]
            and reservation["lines"][each][0]
            - reservation["lines"][each][1]
            - reservation["lines"][each][2]
            >= units
            for each, units in cart.items()
        )

    def _are_away(self, reservation, cart):
        return all(
            each in reservation["lines"]
            and reservation["lines"][each][1] - reservation["lines"][each][3] >= units
            for each, units in cart.items()
        )

    def _close(self, reservation):
        lines = reservation["lines"].values()
        if reservation["status"] in ("held", "committed") and all(
            quantity == shipped + released for quantity, shipped, released, _ in lines
        ):
            reservation["status"] = "closed" if any(line[1] for line in lines) else "released"


class TestStock:
    def test_agrees_with_the_model(self, commit):
        """After any sequence of calls, database and model agree and the invariants hold."""
        machine = type("Machine", (Warehouse,), {"commit": staticmethod(commit)})

        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=12,
                stateful_step_count=20,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
