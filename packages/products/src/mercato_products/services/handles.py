"""Handles: names for URLs."""

import re
import unicodedata

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_kit.lists import any_of
from mercato_products.models import Category, Product

_MAX_CHARACTERS = 70
_TRIED_FIRST = 10
"""Handles that are looked up at once; the second time it is ten times as many, and so on."""


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
    first, many = 1, _TRIED_FIRST
    while True:
        handles = [_numbered(wanted, number) for number in range(first, first + many)]
        taken = set(session.scalars(sa.select(model.handle).where(any_of(model.handle, handles))))
        if free := [handle for handle in handles if handle not in taken]:
            return free[0]
        first, many = first + many, 10 * many


def _numbered(handle: str, number: int) -> str:
    return handle if number == 1 else f"{handle}-{number}"
