"""PersonalData: the part of a manifest that says what a feature holds of a person."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from mercato_kit.privacy.subjects import Subject

Handling = Literal["erase", "keep", "hold", "none"]
"""What becomes of a column when a person is erased.

``erase``: its row is deleted, or its value is. ``keep``: it stays, because it names no person by
itself. ``hold``: it is kept apart for as long as the law says. ``none``: it never holds data of a
person.
"""

Columns = Mapping[InstrumentedAttribute[Any], Handling]

_CLOSED = (
    sa.Boolean,
    sa.Date,
    sa.DateTime,
    sa.Enum,
    sa.Integer,
    sa.Interval,
    sa.Numeric,
    sa.Time,
    sa.Uuid,
)
"""Types whose values cannot hold words of a person."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some items of a feature's export. Parts of one name are joined in their order.

    Args:
        name: The name of the list in the feature's file, such as ``orders``.
        items: JSON values. Without hashes, secrets, ids of staff, and data of other people.
    """

    name: str
    items: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Retained:
    """Data that an erasure has left in place.

    Args:
        reason: Why, as a stable word such as ``open_order``.
        until: When the feature deletes it by itself. None if it is erased by a later run, which the
            request waits for.
        count: Of how many things.
    """

    reason: str
    until: datetime | None
    count: int


@dataclass(frozen=True, slots=True)
class Erased:
    """What a run of a feature's erasure has done.

    Args:
        ids: Ids of the things whose data was erased, as other features and stored answers have
            them. They are kept, to repeat the erasure after a backup was restored.
        counts: The number of rows that were deleted or changed, by what they are.
        waiting: What was left in place.
    """

    ids: Collection[UUID] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    waiting: Sequence[Retained] = ()


@dataclass(frozen=True, slots=True)
class PersonalData:
    """What a feature holds of a person.

    Args:
        columns: What becomes of each column with text, JSON or bytes, see :func:`columns`.
        export: Returns the data of a person. None if the feature has none.
        erase: Erases it. May run several times for one person; each run is one unit of work. None
            if the feature has none.
        find: Returns the subject that an operator names by a text, such as an e-mail address or
            ``order:1001``; None if the text names nothing of the feature.
    """

    columns: Columns
    export: Callable[[Subject], Iterable[Part]] | None = None
    erase: Callable[[Subject], Erased] | None = None
    find: Callable[[str], Subject | None] | None = None


def columns(
    *,
    erase: Iterable[InstrumentedAttribute[Any]] = (),
    keep: Iterable[InstrumentedAttribute[Any]] = (),
    hold: Iterable[InstrumentedAttribute[Any]] = (),
    none: Iterable[InstrumentedAttribute[Any]] = (),
) -> Columns:
    """Return what becomes of each column.

    Raises:
        ValueError: A column is listed twice.
    """
    handlings: dict[Handling, Iterable[InstrumentedAttribute[Any]]] = {
        "erase": erase,
        "keep": keep,
        "hold": hold,
        "none": none,
    }
    found: dict[InstrumentedAttribute[Any], Handling] = {}
    for handling, attributes in handlings.items():
        for attribute in attributes:
            if attribute in found:
                raise ValueError(f"{attribute} is listed as {found[attribute]} and as {handling}")
            found[attribute] = handling
    return found


def dotted(attribute: InstrumentedAttribute[Any]) -> str:
    """Return ``table.column`` of an attribute."""
    (column,) = attribute.property.columns
    return f"{column.table.name}.{column.name}"


def open_columns(metadata: sa.MetaData | None) -> Iterator[sa.Column[Any]]:
    """Give the columns that can hold words of a person: those with text, JSON or bytes."""
    for table in metadata.sorted_tables if metadata is not None else ():
        yield from (column for column in table.columns if _is_open(column.type))


def unclassified(metadata: sa.MetaData | None, columns: Columns) -> list[str]:
    """Return ``table.column`` of the open columns that *columns* does not have, in order."""
    known = {dotted(attribute) for attribute in columns}
    found = (f"{column.table.name}.{column.name}" for column in open_columns(metadata))
    return [name for name in found if name not in known]


def _is_open(kind: sa.types.TypeEngine[Any]) -> bool:
    if isinstance(kind, sa.types.TypeDecorator):
        return _is_open(kind.impl_instance)
    return not isinstance(kind, _CLOSED)
