"""Run one feature's migrations on a given connection, in one transaction.

The caller sets in ``config.attributes``: ``connection``, ``feature`` (name) and ``metadata``.
"""

from functools import cache
from itertools import chain
from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

from mercato_kit.db import UtcDateTime
from mercato_kit.migrations import version_table, virtual_tables

config = context.config
feature = config.attributes["feature"]
connection = config.attributes["connection"]


@cache
def virtual_names() -> set[str]:
    """Return the names of virtual tables and their parts. Only autogenerate asks for them."""
    return set(chain.from_iterable(virtual_tables(connection).values()))


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    """Include only the feature's own tables, without virtual ones."""
    if kind != "table":
        return True
    return (name or "").startswith(f"{feature}_") and name not in virtual_names()


def include_object(item: Any, _name: object, kind: str, *_: object) -> bool:
    """Leave out indexes of a method that only PostgreSQL has, e.g. GIN, on SQLite."""
    is_foreign = kind == "index" and item.dialect_options["postgresql"]["using"]
    return connection.dialect.name == "postgresql" or not is_foreign


def render_item(kind: str, item: object, autogenerate: AutogenContext) -> str | Literal[False]:
    """Render our column types with their imports; leave other types to Alembic."""
    name = None
    if kind == "type" and isinstance(item, UtcDateTime):
        name = "UtcDateTime"
    elif kind == "type" and isinstance(item, sa.JSON):
        name = "Json"
    if name is None:
        return False
    autogenerate.imports.add(f"from mercato_kit.db import {name}")
    return name


context.configure(
    connection=connection,
    target_metadata=config.attributes["metadata"],
    version_table=version_table(feature),
    include_name=include_name,
    include_object=include_object,
    render_item=render_item,
    compare_type=True,
    compare_server_default=False,
    render_as_batch=connection.dialect.name == "sqlite",
    # Also on SQLite: `mercato_kit.transactions.prepare` makes its schema changes transactional.
    transactional_ddl=True,
    transaction_per_migration=False,
    autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
)

with context.begin_transaction():
    context.run_migrations()
