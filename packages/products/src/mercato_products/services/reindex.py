"""Write anew the rows that lists and search read, of all products."""

from collections.abc import Iterator
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import locked, session
from mercato_products.models import Product
from mercato_products.services.listings import refresh_listings
from mercato_products.services.search import refresh_words

BATCH_SIZE = 100


def reindex() -> int:
    """Write the rows of all products, and return how many products there are."""
    counted = 0
    for ids in _batches():
        refresh_listings(*ids)
        refresh_words(*ids)
        counted += len(ids)
    return counted


def _batches() -> Iterator[list[UUID]]:
    """Lock products in the order of their ids, and return the ids in batches."""
    ordered = sa.select(Product.id).order_by(Product.id).limit(BATCH_SIZE)
    ids = list(session.scalars(locked(ordered)))
    while ids:
        yield ids
        ids = list(session.scalars(locked(ordered.where(Product.id > ids[-1]))))
