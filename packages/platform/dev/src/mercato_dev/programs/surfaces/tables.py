"""Describe the tables of a distribution, as PostgreSQL has them.

Constraints (``laws``) and indexes are named by their definition, because nothing relies on their
own names.
"""

import re
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex

from mercato_kit.feature import Feature
from surfaces.trees import Tree

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
COMPILER = DIALECT.ddl_compiler(DIALECT, sa.DDL(""))  # type: ignore[no-untyped-call]
BITS = {"SMALLINT": 16, "INTEGER": 32, "BIGINT": 64}
SIZED = re.compile(r"(VARCHAR|CHAR|NUMERIC|VARBIT)\((\d+)(.*)\)")
ONE_OF = re.compile(r"(CHECK \(.+(?<! NOT) IN) \(([^()]+)\)\)")
NAME = re.compile(r"^(CONSTRAINT \S+|CREATE) |(?<=INDEX )\S+ ON \S+ ")


def describe_tables(module: str, features: Sequence[Feature]) -> Tree:
    """Describe the tables of the manifests; without manifests, those of the module ``models``."""
    found = {one.metadata for one in features if one.metadata is not None}
    if not features and find_spec(f"{module}.models"):
        members = vars(import_module(f"{module}.models")).values()
        metadata = (getattr(one, "metadata", None) for one in members)
        found = {one for one in metadata if isinstance(one, sa.MetaData)}
    return {one.name: describe_table(one) for metadata in found for one in metadata.tables.values()}


def describe_table(table: sa.Table) -> Tree:
    """Describe one table."""
    parts = [COMPILER.process(one) for one in table.constraints - {table.primary_key}]
    for index in table.indexes:
        literal = {"literal_binds": True}
        parts.append(str(CreateIndex(index).compile(dialect=DIALECT, compile_kwargs=literal)))
    texts = sorted(NAME.sub("", " ".join(part.split())) for part in parts)
    columns = {f".{column.name}": describe_column(column) for column in table.columns}
    return columns | {
        "primary_key": ", ".join(column.name for column in table.primary_key.columns),
        "laws": dict(describe_law(text) for text in texts if not text.startswith("INDEX")),
        "indexes": [text for text in texts if text.startswith("INDEX")],
    }


def describe_law(text: str) -> tuple[str, Tree]:
    """Return the name of a constraint, and the values that it allows if it lists them."""
    match = ONE_OF.fullmatch(text)
    values = {"values": sorted(match[2].split(", "))} if match else {}
    return match[1] if match else text, {"required": True, **values}


def describe_column(column: sa.Column[Any]) -> Tree:
    """Describe one column. A default that Python fills in is not in the database."""
    tree = describe_type(column.type.compile(dialect=DIALECT))
    if column.server_default is not None:
        tree["default"] = COMPILER.get_column_default_string(column) or "generated"
    elif not column.nullable:
        # A row without the column is refused.
        tree["required"] = True
    return tree | ({"null": {}} if column.nullable else {})


def describe_type(name: str) -> Tree:
    """Separate the size from a type, so that a larger size is not another type."""
    if name in BITS:
        return {"type": "INTEGER", "bits": BITS[name]}
    if match := SIZED.fullmatch(name):
        kind = match[1] if match[1] == "VARCHAR" else f"{match[1]}(n{match[3]})"
        return {"type": kind, "length": int(match[2])}
    return {"type": "VARCHAR" if name == "TEXT" else name}
