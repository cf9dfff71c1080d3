import pytest
import sqlalchemy as sa
from alembic import command

from mercato_database.history import histories
from mercato_database.runner import configure, migration_engine, upgrade
from mercato_kit.db import new_id
from mercato_products.feature import feature
from mercato_products.models import DEFAULT_LOCATION_ID, Product, StockMovement, Variant


@pytest.fixture(params=["sqlite", "postgresql"])
def old_database(request, empty_database):
    """The URL of a database at revision 0001."""
    url = empty_database(request.param)
    (history,) = [one for one in histories([feature]) if one.feature == "products"]
    with migration_engine(url) as engine, engine.begin() as connection:
        command.upgrade(configure(connection, history), "0001")
    return url


def add_variant(connection):
    """Add a product with a variant; return the id of the variant."""
    product, variant = new_id(), new_id()
    connection.execute(
        sa.insert(Product).values(id=product, handle="mug", name="Mug", name_key="mug")
    )
    connection.execute(
        sa.insert(Variant).values(
            id=variant,
            product_id=product,
            sku="MUG",
            name="",
            option_values={},
            option_key="",
            position=0,
        )
    )
    return variant


def add_movement(connection, variant_id, kind, sequence=0):
    """Add a movement of 5 units of a variant to the ledger."""
    connection.execute(
        sa.insert(StockMovement).values(
            id=new_id(),
            variant_id=variant_id,
            location_id=DEFAULT_LOCATION_ID,
            kind=kind,
            on_hand_delta=5,
            reference=DEFAULT_LOCATION_ID,
            sequence=sequence,
        )
    )


class TestUnship:
    def test_the_ledger_is_kept(self, old_database):
        """Movements of before stay, the new kind is accepted, and other kinds are refused."""
        with migration_engine(old_database) as engine, engine.begin() as connection:
            variant_id = add_variant(connection)
            add_movement(connection, variant_id, "ship")

        upgrade(old_database, [feature])

        with migration_engine(old_database) as engine, engine.begin() as connection:
            add_movement(connection, variant_id, "unship")
            with pytest.raises(sa.exc.IntegrityError), connection.begin_nested():
                add_movement(connection, variant_id, "lost")
            with pytest.raises(sa.exc.IntegrityError), connection.begin_nested():
                add_movement(connection, variant_id, "ship")
            kinds = connection.scalars(sa.select(StockMovement.kind).order_by(StockMovement.id))
            assert kinds.all() == ["ship", "unship"]
