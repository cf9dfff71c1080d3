"""The tree of categories. All changes lock the whole tree, so that it stays consistent."""

from collections.abc import Container, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import check_version, found, locked, refuse, session, unique_key, utc_now
from mercato_kit.errors import invalid
from mercato_kit.http import PageRequest
from mercato_kit.views import Shown
from mercato_products.errors import CategoryCycle, CategoryNotEmpty, HandleTaken
from mercato_products.models import Category
from mercato_products.services.handles import find_free_handle
from mercato_products.services.relisting import lock_batch, relist_contents
from mercato_products.values import NewCategory
from mercato_products.views import CATEGORIES

HANDLE = unique_key(Category, "handle")
MAX_DEPTH = 8

Tree = Mapping[UUID, Category]


def list_categories(page: PageRequest, **filters: Any) -> Shown:
    """Return a page of categories."""
    return CATEGORIES.page(page, **filters)


def find_category(category_id: UUID) -> Shown:
    """Return a category.

    Raises:
        NotFound: It does not exist.
    """
    return CATEGORIES.one(id=category_id)


def create_category(new: NewCategory) -> Category:
    """Create a category.

    Raises:
        Invalid: The parent does not exist, or the tree would be too deep.
        HandleTaken: Another category has the handle.
    """
    tree = _lock_tree()
    category = Category(
        handle=new.handle or find_free_handle(Category, new.name),
        name=new.name,
        parent_id=new.parent_id,
        position=new.position,
        metadata_=dict(new.metadata_),
    )
    category.path, category.depth = _locate(category, tree)
    with refuse({HANDLE: HandleTaken}):
        session.add(category)
    return category


def update_category(
    category_id: UUID, changes: Mapping[str, Any], *, versions: Container[int]
) -> Category:
    """Change a category. A new handle or parent also changes the paths of its subcategories.

    The categories above a category that moved list its first products at once, and the others when
    the worker has written their rows.

    Args:
        category_id: Id of the category.
        changes: New values by column.
        versions: The versions that the caller accepts; usually the one that it read.

    Raises:
        NotFound: It does not exist.
        StaleVersion: It has changed since.
        Invalid: The parent does not exist, or the tree would be too deep.
        CategoryCycle: It would be below itself.
        HandleTaken: Another category has the handle.
    """
    tree = _lock_tree()
    category = found(tree.get(category_id))
    check_version(category, versions)
    old_path = category.path
    moves = changes.get("parent_id", category.parent_id) != category.parent_id
    if moves:
        _lock_contents(category)
    with refuse({HANDLE: HandleTaken}):
        for name, value in changes.items():
            setattr(category, name, value)
        category.path, category.depth = _locate(category, tree)
        _move_subcategories(tree, category, old_path)
    if moves:
        relist_contents(category_id)
    return category


def delete_category(category_id: UUID) -> None:
    """Remove a category without subcategories; its products stay and get a new version.

    Products publish the ids of their categories, so a removal changes them. They do not publish
    names, handles or paths, so other changes of a category do not. If it has many products, it is
    hidden at once, and removed when the worker has unlinked them.

    Raises:
        NotFound: It does not exist.
        CategoryNotEmpty: It has subcategories.
    """
    tree = _lock_tree()
    category = found(tree.get(category_id))
    if any(other.parent_id == category_id for other in tree.values()):
        raise CategoryNotEmpty
    _lock_contents(category)
    category.is_removed = True
    # Its handle is free at once.
    category.handle = category_id.hex
    relist_contents(category_id, unlink=True)


def _lock_tree() -> Tree:
    rows = locked(sa.select(Category).where(~Category.is_removed).order_by(Category.id))
    categories = session.scalars(rows.execution_options(populate_existing=True))
    return {category.id: category for category in categories}


def _lock_contents(category: Category) -> None:
    """Lock the first products of a category, and all links to it and its subcategories.

    A product that another transaction links meanwhile would keep the categories above as they
    were, or lose a link without a new version. Only PostgreSQL needs this: SQLite has one writer.
    """
    # Products before categories: an update of a product takes the locks in this order.
    lock_batch(category.id)
    inside = Category.path.startswith(category.path, autoescape=True)
    linked = sa.select(Category.id).where(inside).order_by(Category.id)
    session.execute(linked.with_for_update())


def _locate(category: Category, tree: Tree) -> tuple[str, int]:
    """Return path and depth of *category*, computed from its ancestors."""
    handles, parent_id = [category.handle], category.parent_id
    while parent_id is not None:
        if parent_id == category.id:
            raise CategoryCycle
        parent = tree.get(parent_id)
        if parent is None:
            raise invalid("/parent_id", "unknown", "The category does not exist.")
        handles.append(parent.handle)
        parent_id = parent.parent_id
    _check_depth(len(handles) - 1)
    return "".join(f"{handle}/" for handle in reversed(handles)), len(handles) - 1


def _move_subcategories(tree: Tree, category: Category, old_path: str) -> None:
    for other in tree.values():
        if other.id != category.id and other.path.startswith(old_path):
            other.path = category.path + other.path.removeprefix(old_path)
            other.depth = other.path.count("/") - 1
            other.updated_at = utc_now()
            _check_depth(other.depth)


def _check_depth(depth: int) -> None:
    if depth >= MAX_DEPTH:
        raise invalid("/parent_id", "max", f"Categories can be at most {MAX_DEPTH} levels deep.")
