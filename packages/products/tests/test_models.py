import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from mercato_kit.db import new_id, session
from mercato_kit.errors import Conflict
from mercato_products.models import (
    DEFAULT_LOCATION_ID,
    Location,
    Price,
    StockLevel,
    StockMovement,
    Variant,
)

from . import factories


class TestLocation:
    def test_the_default_location_exists(self, commit):
        """The first migration inserts the default location."""
        location = commit(lambda: session.get(Location, DEFAULT_LOCATION_ID))

        assert (location.code, location.is_default) == ("default", True)

    def test_there_is_one_default_location(self, commit):
        """The database refuses a second default location."""
        with pytest.raises(Conflict):
            commit(lambda: session.add(Location(code="annex", name="Annex", is_default=True)))


class TestConstraints:
    @pytest.mark.parametrize(
        ("model", "values"),
        [
            (StockLevel, {"on_hand": -1}),
            (StockLevel, {"reserved": -1}),
            (StockLevel, {"reserved": 6}),
            (StockLevel, {"backorder_limit": -1}),
            (Price, {"unit_amount": -1}),
            (Price, {"unit_amount": 2**53}),
            (Variant, {"status": "gone"}),
        ],
    )
    def test_the_database_refuses_invalid_rows(self, commit, model, values):
        """The check constraints refuse these rows."""
        commit(factories.make_variants, stock=5)

        with pytest.raises(Conflict):
            commit(lambda: session.execute(sa.update(model).values(**values)))


class TestStockMovement:
    def test_an_effect_is_recorded_once(self, commit):
        """The unique key allows one row per effect, reference and level."""
        (variant,) = commit(factories.make_variants)
        row = {
            "variant_id": variant,
            "location_id": DEFAULT_LOCATION_ID,
            "kind": "ship",
            "reference": new_id(),
            "sequence": 1,
        }
        commit(lambda: session.add(StockMovement(**row)))

        with pytest.raises(Conflict):
            commit(lambda: session.add(StockMovement(**row)))

    @pytest.mark.parametrize(
        "change", [sa.delete(StockMovement), sa.update(StockMovement).values(on_hand_delta=99)]
    )
    def test_the_ledger_is_append_only(self, app, commit, database, change):
        """On PostgreSQL, a trigger refuses updates and deletes of the ledger."""
        commit(factories.make_variants, stock=5)

        def tamper():
            with app.app_context():
                session.execute(change)
                session.rollback()

        if database.kind == "sqlite":
            tamper()
        else:
            with pytest.raises(IntegrityError, match="append-only"):
                tamper()
