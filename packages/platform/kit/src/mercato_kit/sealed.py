"""Columns of sealed bytes: their values are counted by key, and sealed anew by the current one."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa

from mercato_kit import keys, models
from mercato_kit.db import session
from mercato_kit.keys import ID_BYTES, CannotOpen, Sealed

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many values of a column are sealed by which key.

    Args:
        column: The column: ``table.column``.
        current: Values that the current server key seals.
        previous: Values that the previous one seals, as long as it is accepted.
        unknown: Values that cannot be opened.
    """

    column: str
    current: int
    previous: int
    unknown: int


def columns_of(features: Iterable[Any]) -> Iterator[sa.Column[bytes]]:
    """Give the columns of sealed bytes of the kit and of *features*."""
    stored = (feature.metadata for feature in features if feature.metadata is not None)
    for metadata in (models.Base.metadata, *stored):
        for table in metadata.sorted_tables:
            yield from (column for column in table.columns if isinstance(column.type, Sealed))


def tally(column: sa.Column[bytes]) -> Tally:
    """Count the values of a column by the key that seals them."""
    named = _name_of_key(column).label("found_key")
    counted = sa.select(named, sa.func.count()).where(column.is_not(None)).group_by(named)
    found = Counter({bytes(name): number for name, number in session.execute(counted)})
    current, *previous = (found.pop(name, 0) for name in _names(column))
    return Tally(f"{column.table.name}.{column.name}", current, sum(previous), found.total())


def seal_anew(column: sa.Column[bytes], *, limit: int) -> int:
    """Seal values of the previous key by the current one.

    Args:
        column: The column.
        limit: Values, at most.

    Returns:
        How many were sealed. One that was changed is logged, and stays.
    """
    _, *previous = _names(column)
    if not previous:
        return 0
    ids = column.table.primary_key.columns.values()
    old = sa.select(column, *ids).where(_name_of_key(column).in_(previous)).limit(limit)
    return sum(_seal_one(column, sealed, ids, row) for sealed, *row in session.execute(old).all())


def _seal_one(
    column: sa.Column[bytes], sealed: bytes, ids: Sequence[sa.Column[Any]], row: Sequence[Any]
) -> bool:
    purpose, table = _purpose(column), column.table
    try:
        anew = keys.seal(purpose, keys.open(purpose, sealed))
    except CannotOpen as error:
        _log.error("%s of %s stays as it is: %s", column.name, table.name, error)
        return False
    # The row is not changed for its users, so its time of change stays.
    kept = {one: one for one in table.columns if one.onupdate is not None}
    is_row = (one == value for one, value in zip(ids, row, strict=True))
    statement = sa.update(table).where(*is_row, column == sealed).values({column: anew, **kept})
    session.execute(statement)
    return True


def _name_of_key(column: sa.Column[bytes]) -> sa.Function[bytes]:
    return sa.func.substr(column, 1, ID_BYTES, type_=sa.LargeBinary())


def _names(column: sa.Column[bytes]) -> list[bytes]:
    return [bytes.fromhex(key.id) for key in keys.candidates(_purpose(column))]


def _purpose(column: sa.Column[bytes]) -> str:
    return cast("Sealed", column.type).purpose
