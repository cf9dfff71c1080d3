"""Add the words that orders are found by, and an index of the time of their creation.

Triggers keep the table of words equal to the column, so that placing an order takes no further
statement.

Revision: 0005
"""

import sqlalchemy as sa
from alembic import op

from mercato_kit.db import Json, sortable

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

POSTGRESQL = """
CREATE FUNCTION orders_write_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM orders_search_word WHERE order_id = NEW.id;
    END IF;
    INSERT INTO orders_search_word (word, order_id)
    SELECT word, NEW.id FROM jsonb_array_elements_text(NEW.search_words) AS word;
    RETURN NULL;
END
$$;
CREATE TRIGGER orders_order_words AFTER INSERT OR UPDATE OF search_words ON orders_order
FOR EACH ROW EXECUTE FUNCTION orders_write_words();
"""

SQLITE = (
    """
CREATE TRIGGER orders_order_words_inserted AFTER INSERT ON orders_order BEGIN
    INSERT INTO orders_search_word (word, order_id)
    SELECT value, NEW.id FROM json_each(NEW.search_words);
END""",
    """
CREATE TRIGGER orders_order_words_updated AFTER UPDATE OF search_words ON orders_order BEGIN
    DELETE FROM orders_search_word WHERE order_id = NEW.id;
    INSERT INTO orders_search_word (word, order_id)
    SELECT value, NEW.id FROM json_each(NEW.search_words);
END""",
)


def upgrade() -> None:
    """Upgrade from 0004 to 0005."""
    op.create_table(
        "orders_search_word",
        sa.Column("word", sortable(40), nullable=False),
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders_order.id"],
            name=op.f("fk_orders_search_word_order_id_orders_order"),
        ),
        sa.PrimaryKeyConstraint("word", "order_id", name=op.f("pk_orders_search_word")),
    )
    op.create_index(op.f("ix_orders_search_word_order_id"), "orders_search_word", ["order_id"])
    op.create_index(op.f("ix_orders_order_created_at_id"), "orders_order", ["created_at", "id"])
    op.add_column(
        "orders_order", sa.Column("search_words", Json, server_default="[]", nullable=False)
    )
    for statement in _triggers():
        op.execute(statement)


def downgrade() -> None:
    """Downgrade from 0005 to 0004."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER orders_order_words ON orders_order")
        op.execute("DROP FUNCTION orders_write_words()")
    else:
        for name in ("inserted", "updated"):
            op.execute(f"DROP TRIGGER orders_order_words_{name}")
    op.drop_column("orders_order", "search_words")
    op.drop_index(op.f("ix_orders_order_created_at_id"), "orders_order")
    op.drop_table("orders_search_word")


def _triggers() -> tuple[str, ...]:
    return (POSTGRESQL,) if op.get_bind().dialect.name == "postgresql" else SQLITE
