"""The suite of the contract ``stock``."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest

from mercato_contracts.stock import InsufficientStock, ReservationGone, Stock
from mercato_kit.db import new_id, utc_now
from mercato_testing.findings import assert_that
from mercato_testing.staged import Commit
from mercato_testing.statements import StatementCounter

UNITS = 10
"""Units of each variant of the fixture."""


class StockSuite:
    """Tests of a provider of stock.

    The fixture ``variants`` is overridden. Free units are counted by reservations.

    Attributes:
        provider: Returns the provider: a class or a function without arguments.
    """

    provider: ClassVar[Callable[[], Stock]]

    @pytest.fixture
    def variants(self) -> Sequence[UUID]:
        """Return the ids of three variants with 10 free units each."""
        pytest.fail("override the fixture variants")

    def test_reserves_once(self, commit: Commit, variants: Sequence[UUID]) -> None:
        """A reference reserves once; a repeated call, even for other units, says ``already``."""
        one, two, _ = variants
        reference = new_id()

        results = [
            self._reserve(commit, reference, units) for units in ({one: 3, two: 1}, {one: 4})
        ]

        assert_that(results == ["held", "already"], f"reserve() returned {results}")
        self._assert_free(commit, {one: 7, two: 9})

    def test_reserves_all_or_none(self, commit: Commit, variants: Sequence[UUID]) -> None:
        """If one variant is short, nothing is reserved, and the shortage is named."""
        one, two, _ = variants

        refused = self._refusal(commit, "reserve", new_id(), {one: 1, two: UNITS + 1}, _soon())

        assert_that(isinstance(refused, InsufficientStock), f"reserve() of too many: {refused!r}")
        short = {each.variant_id for each in getattr(refused, "shortages", ())}
        assert_that(short == {two}, f"the shortages name {short}")
        self._assert_free(commit, {one: UNITS, two: UNITS})

    def test_a_released_reference_stays_released(
        self, commit: Commit, variants: Sequence[UUID]
    ) -> None:
        """Neither a released reference nor one that was unknown then reserves later."""
        one, *_ = variants
        known, unknown = self._hold(commit, {one: 3}), new_id()
        for reference in (known, unknown):
            self._call(commit, "release", reference)

        results = [self._reserve(commit, reference, {one: 1}) for reference in (known, unknown)]
        alive = [
            self._call(commit, verb, reference, *more)
            for reference in (known, unknown, new_id())
            for verb, more in (("commit", ()), ("extend", (_soon(),)))
        ]

        assert_that(results == ["released"] * 2, f"reserve() returned {results}")
        assert_that(alive == [False] * 6, f"commit() and extend() returned {alive}")
        self._assert_free(commit, {one: UNITS})

    def test_extends_and_commits(self, commit: Commit, variants: Sequence[UUID]) -> None:
        """A reservation can be extended and committed, and both again."""
        reference = self._hold(commit, {variants[0]: 3})

        extended = [self._call(commit, "extend", reference, _soon()) for _ in range(2)]
        committed = [self._call(commit, "commit", reference) for _ in range(2)]

        assert_that(extended == [True] * 2, f"extend() returned {extended}")
        assert_that(committed == [True] * 2, f"commit() returned {committed}")

    def test_ships_once_per_number(self, commit: Commit, variants: Sequence[UUID]) -> None:
        """A number ships its units once; they do not come back with a release."""
        one, *_ = variants
        reference = self._sell(commit, {one: 5})

        for sequence in (1, 1, 2):
            self._call(commit, "ship", reference, sequence, {one: 1})
        self._call(commit, "release", reference)

        self._assert_free(commit, {one: UNITS - 2})

    def test_ships_what_is_committed(self, commit: Commit, variants: Sequence[UUID]) -> None:
        """Units that are not committed, or not there, do not ship."""
        one, two, _ = variants
        sold, held = self._sell(commit, {one: 2}), self._hold(commit, {one: 2})

        refusals = [
            self._refusal(commit, "ship", reference, 1, units)
            for reference, units in (
                (sold, {one: 3}),
                (sold, {one: 1, two: 1}),
                (held, {one: 1}),
                (new_id(), {one: 1}),
            )
        ]

        _assert_gone("ship", refusals)
        self._assert_free(commit, {one: UNITS - 4, two: UNITS})

    def test_releases_some_once_per_number(self, commit: Commit, variants: Sequence[UUID]) -> None:
        """A number releases its units of a variant once; then the rest can be released."""
        one, *_ = variants
        reference = self._sell(commit, {one: 5})

        for sequence in (1, 1, 2):
            self._call(commit, "release", reference, {one: 1}, sequence)

        self._assert_free(commit, {one: UNITS - 3})
        self._call(commit, "release", reference)
        self._assert_free(commit, {one: UNITS})

    def test_unships_once_per_number(self, commit: Commit, variants: Sequence[UUID]) -> None:
        """Units of a canceled fulfilment are reserved again, and can be released."""
        one, *_ = variants
        reference = self._sell(commit, {one: 5})
        for sequence, units in ((1, 3), (2, 2)):
            self._call(commit, "ship", reference, sequence, {one: units})

        for _ in range(2):
            self._call(commit, "unship", reference, 1, {one: 3})

        self._assert_free(commit, {one: UNITS - 5})
        self._call(commit, "release", reference)
        self._assert_free(commit, {one: UNITS - 2})

    def test_unshipped_units_ship_again(self, commit: Commit, variants: Sequence[UUID]) -> None:
        """They ship under another number; a repeated call of the first ship has no effect."""
        one, *_ = variants
        reference = self._sell(commit, {one: 3})
        self._call(commit, "ship", reference, 1, {one: 3})
        self._call(commit, "unship", reference, 1, {one: 3})

        self._call(commit, "ship", reference, 1, {one: 3})
        again = self._refusal(commit, "ship", reference, 2, {one: 3})
        more = self._refusal(commit, "ship", reference, 3, {one: 1})

        assert_that(again is None, f"the units did not ship again: {again!r}")
        _assert_gone("ship", [more])

    def test_restocks_once_per_number(self, commit: Commit, variants: Sequence[UUID]) -> None:
        """Returned units are free; they are not reserved again, and never more than shipped."""
        one, *_ = variants
        reference = self._sell(commit, {one: 3})
        self._call(commit, "ship", reference, 1, {one: 3})

        for sequence in (1, 1, 2):
            self._call(commit, "restock", reference, sequence, {one: 1})

        refusals = [
            self._refusal(commit, verb, reference, 3, {one: 2}) for verb in ("restock", "unship")
        ]
        _assert_gone("restock or unship", refusals)
        self._assert_free(commit, {one: UNITS - 1})

    def test_sends_as_many_statements_for_many_lines(
        self, commit: Commit, statements: StatementCounter, variants: Sequence[UUID]
    ) -> None:
        """The number of statements of each verb does not depend on the number of lines."""
        for verb in ("reserve", "commit", "ship", "unship", "restock", "release"):
            few, many = (
                self._count(commit, statements, verb, dict.fromkeys(some, 2))
                for some in (variants[:1], variants)
            )
            assert_that(few == many, f"{verb}() sends {few} statements for a line, else {many}")

    def _count(
        self, commit: Commit, statements: StatementCounter, verb: str, units: Mapping[UUID, int]
    ) -> int:
        """Count the statements of a verb for a new reservation, all of which is released."""
        reference = new_id() if verb == "reserve" else self._sell(commit, units)
        if verb in ("unship", "restock"):
            self._call(commit, "ship", reference, 1, units)
        arguments: dict[str, tuple[Any, ...]] = {
            "reserve": (units, _soon()),
            "commit": (),
            "release": (),
        }
        with statements as sent:
            self._call(commit, verb, reference, *arguments.get(verb, (1, units)))
        count = len(sent)
        self._call(commit, "release", reference)
        return count

    def _call(self, commit: Commit, verb: str, *arguments: Any) -> Any:
        return commit(lambda: getattr(type(self).provider(), verb)(*arguments))

    def _refusal(self, commit: Commit, verb: str, *arguments: Any) -> Exception | None:
        try:
            self._call(commit, verb, *arguments)
        except (InsufficientStock, ReservationGone) as refusal:
            return refusal
        return None

    def _reserve(self, commit: Commit, reference: UUID, units: Mapping[UUID, int]) -> Any:
        return self._call(commit, "reserve", reference, units, _soon())

    def _hold(self, commit: Commit, units: Mapping[UUID, int]) -> UUID:
        reference = new_id()
        self._reserve(commit, reference, units)
        return reference

    def _sell(self, commit: Commit, units: Mapping[UUID, int]) -> UUID:
        reference = self._hold(commit, units)
        self._call(commit, "commit", reference)
        return reference

    def _assert_free(self, commit: Commit, units: Mapping[UUID, int]) -> None:
        """Fail unless so many units of each variant can be reserved, and not one more."""
        for variant_id, free in units.items():
            more = self._refusal(commit, "reserve", new_id(), {variant_id: free + 1}, _soon())
            assert_that(more, f"more than {free} units of a variant are free")
            reference = new_id()
            fewer = self._refusal(commit, "reserve", reference, {variant_id: free}, _soon())
            assert_that(fewer is None, f"fewer than {free} units of a variant are free")
            self._call(commit, "release", reference)


def _soon() -> Any:
    return utc_now() + timedelta(minutes=15)


def _assert_gone(verb: str, refusals: Sequence[Exception | None]) -> None:
    gone = [isinstance(refusal, ReservationGone) for refusal in refusals]
    assert_that(all(gone), f"not all are ReservationGone: {verb} answered {refusals}")
