from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_contracts.stock import InsufficientStock, Shortage, Stock
from mercato_kit import services
from mercato_kit.db import new_id, session, utc_now
from mercato_products.models import (
    DEFAULT_LOCATION_ID,
    StockLevel,
    StockMovement,
)

from . import factories

SOON = timedelta(minutes=15)


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
