"""How PostgreSQL reads the tables of a shop with some thousand products."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_contracts.stock import Stock
from mercato_kit import services
from mercato_kit.db import new_id, session, utc_now
from mercato_products.models import StockLevel, Variant
from mercato_testing.plans import rows_scanned

from . import bulk

PRODUCTS = 3000

TABLES = ("products_variant", "products_stock_level")


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
class TestStock:
    def test_reads_no_more_than_its_variants(self, commit):
        """Reserve, commit, ship and release read neither all variants nor all levels."""
        commit(bulk.fill, PRODUCTS, listed=False)

        read = commit(_reserve_ship_and_release)

        assert read == {"reserve": 0, "commit": 0, "ship": 0, "release": 0}

    def test_sees_a_whole_table_that_was_read(self, commit):
        """The measure finds a statement that does."""
        commit(bulk.fill, PRODUCTS, listed=False)

        def read():
            return session.execute(sa.select(sa.func.sum(StockLevel.on_hand))).all()

        assert commit(rows_scanned, read, *TABLES) == PRODUCTS


def _reserve_ship_and_release():
    stock, reference = services.get(Stock), new_id()
    in_stock = sa.select(StockLevel.variant_id).join(Variant, Variant.id == StockLevel.variant_id)
    wanted = dict.fromkeys(
        session.scalars(in_stock.where(StockLevel.on_hand > 0).limit(3)).all(), 2
    )
    one = dict.fromkeys(list(wanted)[:1], 1)
    calls = {
        "reserve": lambda: stock.reserve(reference, wanted, utc_now() + timedelta(minutes=15)),
        "commit": lambda: stock.commit(reference),
        "ship": lambda: stock.ship(reference, 1, one),
        "release": lambda: stock.release(reference, one, sequence=2),
    }
    return {name: rows_scanned(call, *TABLES) for name, call in calls.items()}
