import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from mercato_kit.db import new_id
from mercato_kit.db import session
from mercato_kit.errors import Conflict
from mercato_products.models import DEFAULT_LOCATION_ID
from mercato_products.models import Location
from mercato_products.models import Price
from mercato_products.models import StockLevel
from mercato_products.models import StockMovement
from mercato_products.models import Variant

from . import factories


class TestLocation:
    def test_default_is_there_from_the_start(self, commit):
        """The first migration makes the location that orders are served from."""
        location = commit(lambda: session.get(Location, DEFAULT_LOCATION_ID))

        assert (location.code, location.is_default) == ("default", True)

    def test_default_is_the_only_one(self, commit):
        """There cannot be a second default location."""
        with pytest.raises(Conflict):
            commit(lambda: session.add(Location(code="annex", name="Annex", is_default=True)))


class TestLaw:
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
    def test_is_held_by_the_database(self, commit, model, values):
        """Whatever the code does, these rows cannot exist."""
        commit(factories.make_variants, stock=5)

        with pytest.raises(Conflict):
            commit(lambda: session.execute(sa.update(model).values(**values)))


class TestStockMovement:
    def test_happens_once(self, commit):
        """An effect of a reference has one row for each level."""
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
    def test_is_only_ever_added(self, app, commit, database, change):
        """PostgreSQL refuses to change the ledger; SQLite has no such guard."""
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
