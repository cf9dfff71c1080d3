"""Write the rows of many products anew, which lists and search read: in batches that are resumed.

A product may be changed while a batch runs: the change writes the rows of the product itself, and
whichever of the two locks the product second waits for the first.
"""

from collections.abc import Callable
from uuid import UUID

import sqlalchemy as sa

from mercato_kit import work
from mercato_kit.db import locked, session
from mercato_products.models import (
    Category,
    CategoryListing,
    Product,
    ProductCategory,
    Relisting,
)
from mercato_products.services.listings import refresh_listings
from mercato_products.services.search import refresh_words
from mercato_products.services.versions import touch_all

BATCH_SIZE = 200
"""Products of one unit of work."""


def relist() -> int:
    """Go on with the relisting that began first, and return how many products were written."""
    started = sa.select(Relisting).order_by(Relisting.id).limit(1)
    relisting = session.scalar(locked(started, skip_locked=True))
    return 0 if relisting is None else relist_batch(relisting)


def relist_contents(category_id: UUID, *, unlink: bool = False) -> None:
    """Write the rows of the products that a category lists: the first batch, the others later.

    Args:
        category_id: Id of the category.
        unlink: Also take the products out of it, and remove it after the last one.
    """
    relisting = Relisting(category_id=category_id, unlink=unlink)
    session.add(relisting)
    session.flush()
    relist_batch(relisting)


def relist_batch(relisting: Relisting) -> int:
    """Write the rows of the next products, and return their number; the last batch ends it."""
    ids = lock_batch(relisting.category_id, relisting.after)
    if ids:
        if relisting.unlink:
            _unlink(ids, relisting.category_id)
        refresh_listings(*ids)
        refresh_words(*ids)
        relisting.after = ids[-1]
    if len(ids) < BATCH_SIZE:
        _end(relisting)
    session.flush()
    return len(ids)


def _unlink(product_ids: list[UUID], category_id: UUID | None) -> None:
    touch_all(product_ids)
    session.execute(
        sa.delete(ProductCategory).where(
            ProductCategory.category_id == category_id, ProductCategory.product_id.in_(product_ids)
        )
    )


def _end(relisting: Relisting) -> None:
    """Delete a relisting, and the category that it emptied."""
    if relisting.unlink:
        # This waits for transactions that link a product: their foreign key locks the category.
        removed = sa.select(Category.id).where(Category.id == relisting.category_id)
        session.execute(removed.with_for_update())
        if lock_batch(relisting.category_id):
            # They began before the category was hidden.
            relisting.after = UUID(int=0)
            return
    session.delete(relisting)
    session.flush()
    if relisting.unlink:
        session.delete(session.get_one(Category, relisting.category_id))


def lock_batch(category_id: UUID | None, after: UUID | None = None) -> list[UUID]:
    """Lock the first products, in the order of their ids, and return the ids.

    Args:
        category_id: The category that lists them; None for all products.
        after: The id that they come after; None for the very first ones.
    """
    column = Product.id if category_id is None else CategoryListing.product_id
    chosen = sa.select(column).order_by(column).limit(BATCH_SIZE)
    if after is not None:
        chosen = chosen.where(column > after)
    if category_id is not None:
        chosen = chosen.where(CategoryListing.category_id == category_id)
    ids = list(session.scalars(chosen))
    session.execute(locked(sa.select(Product.id).where(Product.id.in_(ids)).order_by(Product.id)))
    return ids


def reindex(report: Callable[[int, int], object] = lambda _done, _of: None) -> int:
    """Write the rows of all products, each batch in a unit of work; return how many were written.

    A run that did not end is continued.

    Args:
        report: Called after each batch with the number of products done, and of all.
    """
    relisting_id, count = work.run(_start)
    done = 0
    while written := work.run(lambda: _go_on(relisting_id)):
        done += written
        report(done, count)
    return done


def _start() -> tuple[UUID, int]:
    relisting = session.scalar(sa.select(Relisting).where(Relisting.category_id.is_(None)).limit(1))
    if relisting is None:
        relisting = Relisting()
        session.add(relisting)
        session.flush()
    to_do = sa.select(sa.func.count(Product.id)).where(Product.id > relisting.after)
    return relisting.id, session.scalar(to_do) or 0


def _go_on(relisting_id: UUID) -> int:
    wanted = locked(sa.select(Relisting).where(Relisting.id == relisting_id))
    relisting = session.scalar(wanted.execution_options(populate_existing=True))
    return 0 if relisting is None else relist_batch(relisting)
