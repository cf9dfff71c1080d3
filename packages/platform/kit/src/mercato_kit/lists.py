"""Lists and tables of values as one parameter of a statement, whose text is then constant."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from mercato_kit.prepared import Processor, Type, bind_processor


class ListOf(sa.types.TypeDecorator[Collection[Any]]):
    """A list of values of one type: an array on PostgreSQL, JSON on SQLite."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, item: Type) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: sa.Dialect) -> Type:
        """Use an array where the database has one."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.Text())
        # A cast to a length would cut longer values, which then equal others.
        item = sa.String() if isinstance(self.item, sa.String) else self.item
        return dialect.type_descriptor(postgresql.ARRAY(item))

    def process_bind_param(self, value: Collection[Any] | None, dialect: sa.Dialect) -> Any:
        """Convert the values as a column of their type does."""
        if value is None:
            return None
        if dialect.name != "sqlite":
            return list(value)
        convert = bind_processor(self.item, dialect)
        return _to_json([convert(one) if convert else one for one in value])

    def bind_processor(self, dialect: sa.Dialect) -> Processor | None:
        """Write an array of UUIDs: the driver would look for the type of each value."""
        if dialect.name != "sqlite" and isinstance(self.item, sa.Uuid):
            return _to_array
        return super().bind_processor(dialect)


class any_of(FunctionElement[bool]):  # noqa: N801 - named like the functions of SQLAlchemy
    """The condition that a column has one of many values, which are one parameter.

    The text of ``IN`` depends on the number of values; SQLAlchemy writes it anew each time.

    Args:
        column: The column.
        values: The values, or the name of the parameter that has them.
    """

    type = sa.Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> "any_of":
        """Return the condition itself: SQLite uses no index for a function that equals 1."""
        return self

    def __init__(self, column: sa.ColumnElement[Any] | Any, values: Collection[Any] | str) -> None:
        kind = ListOf(column.type)
        if isinstance(values, str):
            super().__init__(column, sa.bindparam(values, type_=kind))
        else:
            super().__init__(column, sa.bindparam("any_of", values, type_=kind, unique=True))


@compiles(any_of)
def _any_in_array(element: any_of, compiler: SQLCompiler, **options: Any) -> str:
    column, values = element.clauses
    return compiler.process(column == sa.any_(values), **options)


@compiles(any_of, "sqlite")
def _any_in_json(element: any_of, compiler: SQLCompiler, **options: Any) -> str:
    column, values = element.clauses
    each = sa.func.json_each(values).table_valued("value")
    return compiler.process(column.in_(sa.select(each.c.value)), **options)


class Rows:
    """Rows as one parameter, which a statement reads like a table.

    Args:
        name: Name of the parameter, and of the table in the statement.
        columns: The type of each column by name. Binary columns are not supported.

    Raises:
        TypeError: A column is binary.
    """

    def __init__(self, name: str, columns: Mapping[str, Type]) -> None:
        if any(map(_is_binary, columns.values())):
            raise TypeError(f"{name}: JSON has no binary values")
        self.name = name
        self.columns = columns
        self._processors: WeakKeyDictionary[sa.Dialect, list[tuple[str, Processor]]] = (
            WeakKeyDictionary()
        )

    def table(self, dialect: sa.Dialect) -> sa.FromClause:
        """Return the table for a statement of *dialect*.

        PostgreSQL expects a hundred rows of it, so a join may read all rows of another table, even
        if that has some thousand. Where it can be large, add its keys as :class:`any_of`.
        """
        parameter = sa.bindparam(self.name, type_=sa.Text)
        if dialect.name == "sqlite":
            each = sa.func.json_each(parameter).table_valued("value")
            members = (
                sa.func.json_extract(each.c.value, f"$.{name}", type_=kind).label(name)
                for name, kind in self.columns.items()
            )
            return sa.select(*members).subquery(self.name)
        columns = (sa.column(name, kind) for name, kind in self.columns.items())
        rows = sa.func.json_to_recordset(sa.cast(parameter, postgresql.JSON))
        return rows.table_valued(*columns).render_derived(name=self.name, with_types=True)

    def dump(self, rows: Iterable[Mapping[str, Any]], dialect: sa.Dialect) -> str:
        """Return the value of the parameter for *rows*, which have all columns."""
        processors = self._processors.get(dialect)
        if processors is None:
            found = ((name, _json_processor(kind, dialect)) for name, kind in self.columns.items())
            processors = [(name, convert) for name, convert in found if convert is not None]
            self._processors[dialect] = processors
        return _to_json(
            [{**row, **{name: convert(row[name]) for name, convert in processors}} for row in rows]
        )


def _json_processor(kind: Type, dialect: sa.Dialect) -> Processor | None:
    # A JSON value is a part of the parameter, except where the database keeps it as text.
    if dialect.name != "sqlite" and isinstance(kind.dialect_impl(dialect), sa.JSON):
        return None
    return bind_processor(kind, dialect)


def _to_array(value: Collection[UUID] | None) -> str | None:
    return None if value is None else f"{{{','.join(map(str, value))}}}"


def _to_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _is_binary(kind: Type) -> bool:
    plain = kind.impl_instance if isinstance(kind, sa.types.TypeDecorator) else kind
    return isinstance(plain, sa.LargeBinary)
