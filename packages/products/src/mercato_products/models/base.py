"""The declarative base of this feature's tables."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, validates

from mercato_kit import db
from mercato_kit.text import SORT_KEY_LENGTH, sort_key


class Base(DeclarativeBase):
    """Base of the feature's tables."""

    metadata = db.metadata("products")
    type_annotation_map = db.TYPES


def _key_of_name(context: Any) -> str:
    return sort_key(context.get_current_parameters()["name"])


class Named:
    """A row with a name, and the key that lists sort it by."""

    name: Mapped[str] = mapped_column(sa.String(200))
    # The default is for rows that are inserted without an entity.
    name_key: Mapped[str] = mapped_column(db.sortable(SORT_KEY_LENGTH), default=_key_of_name)

    @validates("name")
    def _write_key(self, _attribute: str, name: str) -> str:
        self.name_key = sort_key(name)
        return name
