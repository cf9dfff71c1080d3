"""The declarative base of this feature's tables."""

from sqlalchemy.orm import DeclarativeBase

from mercato_kit import db


class Base(DeclarativeBase):
    """Base of the feature's tables."""

    metadata = db.metadata("products")
    type_annotation_map = db.TYPES
