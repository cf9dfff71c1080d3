"""Database session, metadata, ids, times and column types."""

import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar, cast
from uuid import UUID

import sqlalchemy as sa
import uuid_utils.compat
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    declared_attr,
    mapped_column,
    scoped_session,
)
from sqlalchemy.orm.attributes import flag_modified
from werkzeug.local import LocalProxy

from mercato_kit import later, transactions
from mercato_kit.contexts import get_app
from mercato_kit.errors import NotFound, Problem, StaleVersion

MAX_SAFE_INTEGER = 2**53 - 1
"""The largest integer that is exact in JSON."""

NAMING_CONVENTION = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}


def current_session() -> scoped_session[Session]:
    """Return the session of the current app and request, which :data:`session` is a proxy of."""
    return cast("scoped_session[Session]", get_app().extensions["sqlalchemy"].session)


session: scoped_session[Session] = cast("scoped_session[Session]", LocalProxy(current_session))
"""The session of the current app and request. Services flush; only the unit of work commits."""


def current_connection() -> sa.Connection:
    """Return the connection of the session; a unit of work keeps it."""
    return later.current_connection() or current_session().connection()


def engine() -> sa.Engine:
    """Return the engine of the current app.

    Raises:
        RuntimeError: There is no app context.
    """
    return cast("sa.Engine", get_app().extensions["sqlalchemy"].engine)


def new_id() -> UUID:
    """Return a new UUIDv7 (RFC 9562). It sorts by time of creation and is not a secret."""
    return uuid_utils.compat.uuid7()


def utc_now() -> datetime:
    """Return the current time as aware UTC, in whole milliseconds."""
    return datetime.fromtimestamp(time.time_ns() // 1_000_000 / 1000, UTC)


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware UTC time: ``timestamptz`` on PostgreSQL, sortable text of fixed width on SQLite."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    _TEXT = "%Y-%m-%dT%H:%M:%S.%fZ"

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Use text on SQLite, which has no type for an aware time."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.String(27))
        return dialect.type_descriptor(sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        """Convert to UTC; refuse naive times, because their offset is unknown."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: pass an aware datetime")
        instant = value.astimezone(UTC)
        if dialect.name == "sqlite":
            return f"{instant.year:04d}{instant.strftime(self._TEXT[2:])}"
        return instant

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        """Return an aware UTC time."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return datetime.strptime(value, self._TEXT).replace(tzinfo=UTC)
        return cast("datetime", value).astimezone(UTC)


Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
"""A JSON column: ``jsonb`` on PostgreSQL."""


def sortable(length: int) -> sa.String:
    """Return the type of a text that lists are sorted by, in one order on both databases.

    It is compared by code point: SQLite does so by default, PostgreSQL with the collation ``C``.
    Names are sorted by :func:`mercato_kit.text.sort_key`, which such a column stores.

    Args:
        length: Characters, at most.
    """
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def is_sortable(kind: sa.types.TypeEngine[Any]) -> bool:
    """Return whether values of a type have one order on both databases."""
    there = kind.dialect_impl(cast("Any", PGDialect_psycopg)())
    return not isinstance(there, sa.String) or there.collation == "C"


TYPES: dict[Any, Any] = {
    datetime: UtcDateTime(),
    UUID: sa.Uuid(),
    dict[str, Any]: Json,
    list[str]: Json,
}
"""Column types by annotation: the ``type_annotation_map`` of every feature's declarative base."""


def metadata(feature: str) -> sa.MetaData:
    """Return the metadata of a feature, for its declarative base.

    ::

        class Base(DeclarativeBase):
            metadata = db.metadata("reviews")
            type_annotation_map = db.TYPES

    Args:
        feature: Name of the feature; its table names start with ``<feature>_``.
    """
    return sa.MetaData(naming_convention=NAMING_CONVENTION, info={"feature": feature})


class Identified:
    """A row with a UUIDv7 as primary key."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


class Aggregate(Identified):
    """A resource of the API: id, version (the ETag), times and client metadata."""

    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict, server_default="{}")

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        """Let SQLAlchemy check and increase the version in each UPDATE."""
        return {"version_id_col": cls.version}


T = TypeVar("T")
AnySelect = TypeVar("AnySelect", bound="sa.Select[*tuple[Any, ...]]")


def found(row: T | None) -> T:
    """Return *row*.

    Raises:
        NotFound: It is None.
    """
    if row is None:
        raise NotFound
    return row


def check_version(row: Aggregate, versions: Container[int]) -> None:
    """Check that *row* still has a version that the caller read.

    Raises:
        StaleVersion: It has changed since.
    """
    if row.version not in versions:
        raise StaleVersion


def touch(row: Aggregate) -> None:
    """Increase the version of *row* with the next flush, although no column of its own changes."""
    row.updated_at = utc_now()
    # It may be the millisecond of the last change.
    flag_modified(row, "updated_at")


def refreshed(statement: AnySelect) -> AnySelect:
    """Make a SELECT overwrite objects that the session already holds.

    A locking SELECT needs this: otherwise the session keeps values read before the lock.
    """
    return statement.execution_options(populate_existing=True)


def locked(statement: AnySelect, *, skip_locked: bool = False, of: Sequence[Any] = ()) -> AnySelect:
    """Lock the rows of a SELECT until the unit of work ends.

    PostgreSQL locks rows (``FOR NO KEY UPDATE``). SQLite has no row locks: a unit of work that
    may write holds the only write lock.

    Args:
        statement: The SELECT.
        skip_locked: Whether rows that are locked are left out.
        of: The models whose rows are locked; all of the SELECT if there are none.

    Raises:
        RuntimeError: The unit of work is read-only.
    """
    if not transactions.may_write():
        raise RuntimeError("rows can only be locked in a unit of work that may write")
    if session.get_bind().dialect.name == "sqlite":
        return statement
    return statement.with_for_update(key_share=True, skip_locked=skip_locked, of=of or None)


def insert(table: Any) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT with ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def constraint_of(error: IntegrityError) -> str | None:
    """Return the constraint that an IntegrityError violated.

    Returns:
        The name of the constraint; for unique keys on SQLite, which reports only columns,
        ``table.column, table.other``. None if the driver does not report it.
    """
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    if name is not None:
        return str(name)
    _, _, what = str(error.orig).partition("constraint failed: ")
    return what or None


UniqueKey = sa.UniqueConstraint | sa.PrimaryKeyConstraint | sa.Index


@contextmanager
def refuse(refusals: Mapping[UniqueKey, Callable[[], Problem]]) -> Iterator[None]:
    """Flush at the end, and translate the violation of a unique key into a problem.

    Args:
        refusals: The problem to raise, by unique key (see :func:`unique_key`).

    Raises:
        Problem: A key of *refusals* was violated. Other IntegrityErrors propagate.
    """
    try:
        yield
        session.flush()
    except IntegrityError as error:
        violated = constraint_of(error)
        for constraint, refusal in refusals.items():
            if violated in _names_of(constraint):
                raise refusal() from error
        raise


def unique_key(model: type[DeclarativeBase], *columns: str) -> UniqueKey:
    """Return the unique key of *model* over *columns*, for :func:`refuse`.

    Raises:
        LookupError: The table has no such key.
    """
    table = cast("sa.Table", model.__table__)
    constraints = (key for key in table.constraints if isinstance(key, sa.UniqueConstraint))
    indexes = (index for index in table.indexes if index.unique)
    keys: list[sa.UniqueConstraint | sa.Index] = [*constraints, *indexes]
    for key in keys:
        if tuple(column.name for column in key.columns) == columns:
            return key
    raise LookupError(f"{table.name} has no unique key over {columns}")


def _names_of(key: UniqueKey) -> set[str]:
    dotted = ", ".join(f"{column.table.name}.{column.name}" for column in key.columns)
    return {str(key.name), dotted, f"index '{key.name}'"}
