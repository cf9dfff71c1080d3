"""What can be done with items."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_gizmo.errors import CodeTaken
from mercato_gizmo.models import Item, Part
from mercato_gizmo.values import NewItem
from mercato_kit import db
from mercato_kit.db import session
from mercato_kit.errors import NotFound, StaleVersion
from mercato_kit.http import Page, PageRequest, paginate

_SORTS = {"created_at": Item.created_at, "code": Item.code}


def make_item(new: NewItem) -> Item:
    """Make an item with its parts."""
    item = Item(
        code=new.code,
        name=new.name,
        amount=new.amount,
        currency=new.currency,
        note=new.note,
        metadata_=new.metadata,
        parts=[Part(label=part.label, quantity=part.quantity) for part in new.parts],
    )
    with db.refuse({db.unique_key(Item, "code"): CodeTaken}):
        session.add(item)
    return item


def list_items(page: PageRequest, status: str | None) -> Page[Item]:
    """Return a page of items."""
    wanted = sa.select(Item)
    if status is not None:
        wanted = wanted.where(Item.status == status)
    return paginate(wanted, page, columns=_SORTS, id=Item.id)


def find_item(item_id: UUID) -> Item:
    """Return an item."""
    item = session.get(Item, item_id)
    if item is None:
        raise NotFound
    return item


def change_item(item_id: UUID, version: int | None, changes: Mapping[str, Any]) -> Item:
    """Change an item that was read in a version."""
    item = find_item(item_id)
    if item.version != version:
        raise StaleVersion
    for name, value in changes.items():
        setattr(item, name, value)
    session.flush()
    return item
