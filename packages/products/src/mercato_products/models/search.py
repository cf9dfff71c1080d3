"""The words of products, for full-text search."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from mercato_kit.db import sortable
from mercato_products.models.base import Base
from mercato_products.models.products import Product

_Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_Words = sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql")


class SearchText(Base):
    """The words that find a product, folded by ``words.py``.

    Its full-text index is GIN on PostgreSQL, and on SQLite the virtual table
    ``products_search_index`` (FTS5), which has the same words under the same number.
    """

    __tablename__ = "products_search"
    __table_args__ = (
        sa.UniqueConstraint("product_id"),
        sa.Index(
            None, "words", postgresql_using="gin", postgresql_with={"fastupdate": "off"}
        ).ddl_if(dialect="postgresql"),
    )

    number: Mapped[int] = mapped_column(
        _Number, sa.Identity(), primary_key=True, doc="Higher for newer products"
    )
    product_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Product.id))
    title: Mapped[str] = mapped_column(sa.Text, doc="Words of the name, a space around each")
    keys: Mapped[str] = mapped_column(sa.Text, doc="Words of brand and SKUs, a space around each")
    words: Mapped[str] = mapped_column(
        _Words,
        doc="All words, an underscore before those that only staff may find; and @ before the ids "
        "of the categories that list the product",
    )


class SearchWord(Base):
    """A word that some product has, or had: what the beginning of a word may stand for."""

    __tablename__ = "products_search_word"

    word: Mapped[str] = mapped_column(sortable(70), primary_key=True)
