"""Handles: names for URLs."""

import re
import unicodedata

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_products.models import Category, Product

_MAX_CHARACTERS = 70


def make_handle(name: str) -> str:
    """Return *name* in lower-case ASCII letters, digits and single hyphens; ``item`` if empty.

    ``Chaise longue « Été »`` becomes ``chaise-longue-ete``.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    return "-".join(words)[:_MAX_CHARACTERS].strip("-") or "item"


def find_free_handle(model: type[Product] | type[Category], name: str) -> str:
    """Return an unused handle for *name*: ``lamp``, then ``lamp-2`` and so on.

    A concurrent transaction may still take the handle first: the unique key decides.
    """
    wanted = make_handle(name)
    similar = sa.select(model.handle).where(
        sa.or_(model.handle == wanted, model.handle.startswith(f"{wanted}-", autoescape=True))
    )
    taken = set(session.scalars(similar))
    number, free = 1, wanted
    while free in taken:
        number += 1
        free = f"{wanted}-{number}"
    return free
