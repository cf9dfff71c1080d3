"""What databases see: the tables of a distribution, as PostgreSQL has them."""

from collections.abc import Iterator
from collections.abc import Sequence
from importlib import import_module
from typing import Any
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase

from mercato_kit.feature import Feature

Document = dict[str, Any]

Law = TypeVar("Law", sa.UniqueConstraint, sa.CheckConstraint, sa.ForeignKeyConstraint)

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def describe_tables(name: str, features: Sequence[Feature]) -> Document:
    """Describe every table, by its name."""
    return {
        table.name: describe_table(table)
        for metadata in metadata_of(name, features)
        for table in metadata.tables.values()
    }


def metadata_of(name: str, features: Sequence[Feature]) -> list[sa.MetaData]:
    """Find the tables: manifests name theirs; who has none keeps them in its module ``models``."""
    if features:
        return [feature.metadata for feature in features if feature.metadata is not None]
    module = f"{name.replace('-', '_')}.models"
    try:
        members = vars(import_module(module)).values()
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name):
            raise
        return []
    bases = (one for one in members if isinstance(one, type) and issubclass(one, DeclarativeBase))
    found = [base.metadata for base in bases if base is not DeclarativeBase]
    return list({id(one): one for one in found}.values())


def describe_table(table: sa.Table) -> Document:
    """Describe one table as PostgreSQL has it; SQLite has no narrower types."""
    unique = laws_of(table, sa.UniqueConstraint)
    checks = laws_of(table, sa.CheckConstraint)
    keys = laws_of(table, sa.ForeignKeyConstraint)
    return {
        "columns": {column.name: describe_column(column) for column in table.columns},
        "primary_key": [column.name for column in table.primary_key.columns],
        "unique": {name: {"columns": one.columns.keys()} for name, one in unique},
        "checks": {name: compiled(one.sqltext) for name, one in checks},
        "foreign_keys": {
            name: {
                "columns": one.column_keys,
                "to": ", ".join(element.target_fullname for element in one.elements),
                "on_delete": one.ondelete,
            }
            for name, one in keys
        },
        "indexes": {str(one.name): describe_index(one) for one in table.indexes},
    }


def laws_of(table: sa.Table, kind: type[Law]) -> Iterator[tuple[str, Law]]:
    """Give the constraints of one kind; one without a name is called what it says."""
    for one in table.constraints:
        if isinstance(one, kind):
            says = compiled(getattr(one, "sqltext", None)) or ", ".join(one.columns.keys())
            yield str(one.name or says), one


def describe_column(column: sa.Column[Any]) -> Document:
    """Describe one column; what Python fills in is nothing that a database knows."""
    default = column.server_default
    shown: str | None = "generated"
    if default is None:
        shown = None
    elif isinstance(default, sa.DefaultClause):
        shown = compiled(default.arg)
    elif isinstance(default, sa.Computed):
        shown = f"generated: {compiled(default.sqltext)}"
    return {
        "type": column.type.compile(dialect=DIALECT),
        "nullable": column.nullable,
        "default": shown,
    }


def describe_index(index: sa.Index) -> Document:
    """Describe one index: what it is over, whether that is unique, and of which rows."""
    return {
        "columns": [compiled(one) for one in index.expressions],
        "unique": bool(index.unique),
        "where": compiled(index.dialect_options["postgresql"]["where"]),
    }


def compiled(part: Any) -> str | None:
    """Write a part of SQL for PostgreSQL, in one line."""
    if part is None or isinstance(part, str):
        return part
    if isinstance(part, sa.Column):
        return part.name
    return " ".join(
        str(part.compile(dialect=DIALECT, compile_kwargs={"literal_binds": True})).split()
    )
