"""The suite of the contract ``orders``."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import ClassVar
from uuid import UUID

import pytest

from mercato_contracts.orders import (
    OrderLine,
    OrderRefused,
    Orders,
    Placed,
    Quoted,
    Record,
    Totals,
    Wanted,
)
from mercato_kit.db import new_id
from mercato_testing.contracts.statements import too_many
from mercato_testing.findings import assert_that, none_of
from mercato_testing.staged import Commit
from mercato_testing.statements import StatementCounter


class OrdersSuite:
    """Tests of a provider of orders.

    Attributes:
        provider: Returns the provider: a class or a function without arguments.
    """

    provider: ClassVar[Callable[[], Orders]]

    @pytest.fixture
    def wanted(self) -> Wanted:
        """Return what an account can buy, at a price. Override this to make it."""
        raise pytest.UsageError("override the fixture 'wanted': it makes what can be bought")

    def test_places_at_the_quoted_price(self, commit: Commit, wanted: Wanted) -> None:
        """The totals of a quote add up, and an order costs what was quoted."""
        quoted = commit(self._quote, wanted)
        placed = commit(self._place, new_id(), wanted)

        none_of(wrong_sums(quoted.totals, quoted.lines))
        assert_that(
            placed.amount_total == quoted.totals.amount_total,
            f"{placed.amount_total} is charged, and {quoted.totals.amount_total} was quoted",
        )

    def test_places_once_by_reference(self, commit: Commit, wanted: Wanted) -> None:
        """A repeated call returns the order of the first one."""
        reference = new_id()

        first, again = (commit(self._place, reference, wanted) for _ in range(2))

        assert_that(not first.already, "already is True in the first call")
        assert_that(again == replace(first, already=True), f"{again} is not {first}, already")

    def test_refuses_with_pointers(self, commit: Commit, wanted: Wanted) -> None:
        """An unknown discount code is refused with the pointer of the API."""
        unknown = replace(wanted, discount_codes=("NO-SUCH-CODE",))

        try:
            commit(self._quote, unknown)
        except OrderRefused as refused:
            found = refused.status, [(error.pointer, error.code) for error in refused.errors]
        else:
            pytest.fail("an unknown discount code is not refused", pytrace=False)

        expected = 422, [("/discount_codes/0", "unknown")]
        assert_that(found == expected, f"refused with {found} instead of {expected}")

    def test_finds_orders_by_id(
        self, commit: Commit, statements: StatementCounter, wanted: Wanted
    ) -> None:
        """Orders are found with their lines, in one SELECT at most; unknown ids are left out."""
        placed = [commit(self._place, new_id(), wanted) for _ in range(2)]
        ids = [order.id for order in placed]

        records = commit(lambda: type(self).provider().get_many([*ids, new_id()]))

        assert_that(records.keys() == set(ids), f"{sorted(records)} instead of {sorted(ids)}")
        for order in placed:
            none_of(wrong_record(order, records[order.id]))
        ask = type(self).provider
        none_of(too_many(statements, lambda: commit(lambda: ask().get_many(ids))))

    def test_has_not_sold_what_is_unpaid(
        self, commit: Commit, statements: StatementCounter, wanted: Wanted
    ) -> None:
        """A product of an unpaid order is not bought; it takes one SELECT at most to say so."""
        order = commit(self._place, new_id(), wanted)
        record = commit(lambda: type(self).provider().get_many([order.id]))[order.id]
        customer, ids = wanted.customer.id or new_id(), [line.product_id for line in record.lines]

        bought = commit(self._bought, customer, ids)

        assert_that(not bought, f"{bought} is bought, and the order is unpaid")
        none_of(too_many(statements, lambda: commit(self._bought, customer, ids)))

    def _quote(self, wanted: Wanted) -> Quoted:
        provider = type(self).provider()
        return provider.quote(wanted)

    def _place(self, reference: UUID, wanted: Wanted) -> Placed:
        return type(self).provider().place(reference, wanted)

    def _bought(self, customer: UUID, product_ids: list[UUID]) -> frozenset[UUID]:
        return type(self).provider().bought(customer, product_ids)


def wrong_sums(totals: Totals, lines: tuple[OrderLine, ...]) -> Iterator[str]:
    """Find totals that are not the sum of their parts."""
    added = 0 if totals.tax_included else totals.amount_tax
    total = (
        totals.amount_subtotal
        - totals.amount_discount
        + totals.amount_shipping
        + added
        + totals.amount_rounding
    )
    if totals.amount_total != total:
        yield f"amount_total is {totals.amount_total} instead of {total}"
    for name in ("amount_subtotal", "amount_discount"):
        of_lines = sum(getattr(line, name) for line in lines)
        if getattr(totals, name) != of_lines:
            yield f"{name} is {getattr(totals, name)}, and that of the lines {of_lines}"


def wrong_record(placed: Placed, record: Record) -> Iterator[str]:
    """Find differences between an order and what was returned when it was placed."""
    if (record.id, record.number) != (placed.id, placed.number):
        yield f"{record.id}, {record.number} instead of {placed.id}, {placed.number}"
    if record.totals.amount_total != placed.amount_total:
        yield f"amount_total is {record.totals.amount_total} instead of {placed.amount_total}"
    yield from wrong_sums(record.totals, record.lines)
