"""Checks of migrations: one history, equal to the models, that can be downgraded."""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

import sqlalchemy as sa
from alembic.script import ScriptDirectory

from mercato_database.drift import differences
from mercato_database.history import History, histories
from mercato_database.revisions import CONTRACT, EXPAND
from mercato_database.runner import configure, downgrade, migration_engine, upgrade
from mercato_kit.feature import Feature
from mercato_kit.migrations import version_table, virtual_tables

Catalogue = dict[str, set[str]]
"""The schema of a database: a line for each column and constraint, by table."""


def history_of(feature: Feature) -> History | None:
    """Return the feature's history; None if it has no tables."""
    return next((item for item in histories([feature]) if item.feature == feature.name), None)


def tables_without_migrations(feature: Feature) -> Iterator[str]:
    """Find a feature with tables and without a folder of migrations."""
    if feature.metadata is not None and feature.metadata.tables and feature.migrations is None:
        yield f"{feature.name} has tables, but its manifest names no folder of migrations"


def broken_history(feature: Feature) -> Iterator[str]:
    """Find several heads, and files whose name does not start with their revision."""
    history = history_of(feature)
    if history is None:
        return
    scripts = ScriptDirectory.from_config(configure(None, history))
    heads = scripts.get_heads()
    if heads != [history.head]:
        yield f"Alembic finds the heads {heads}, but the last file name has {history.head}"
    for script in scripts.walk_revisions():
        number = re.match(r"[0-9]+", script.path.rpartition("/")[2])
        if number is None or number.group() != script.revision:
            yield f"{script.path}: the file name must start with its revision {script.revision!r}"


def unknown_phases(feature: Feature) -> Iterator[str]:
    """Find migrations whose phase is neither expand nor contract."""
    history = history_of(feature)
    for revision in history.migrations if history else ():
        if revision.phase not in (EXPAND, CONTRACT):
            yield f"{revision.file}: its phase is {revision.phase!r}; expected expand or contract"


def differences_from_models(feature: Feature, migrated: str, modelled: str) -> Iterator[str]:
    """Find differences between the tables of the migrations and those of the models.

    Args:
        feature: The feature.
        migrated: The URL of an empty database, which is migrated.
        modelled: The URL of another empty database of the same kind, which gets the models' tables.
    """
    history = history_of(feature)
    if history is None:
        return
    upgrade(migrated, [feature])
    yield from differences(migrated, history)
    with migration_engine(modelled) as engine:
        history.metadata.create_all(engine)
    yield from _compare(
        _catalogue(migrated, feature), _catalogue(modelled, feature), "migrations", "models"
    )


def one_way_migrations(feature: Feature, url: str) -> Iterator[str]:
    """Find tables left by a downgrade, and differences after a second upgrade.

    Args:
        feature: The feature.
        url: The URL of an empty database.
    """
    history = history_of(feature)
    if history is None:
        return
    upgrade(url, [feature])
    before = _catalogue(url, feature)
    downgrade(url, history)
    left = _catalogue(url, feature)
    if left:
        yield from (f"table {table} still exists after the downgrade" for table in sorted(left))
        return
    upgrade(url, [feature])
    yield from _compare(before, _catalogue(url, feature), "first upgrade", "second upgrade")


def _compare(one: Catalogue, two: Catalogue, name_one: str, name_two: str) -> Iterator[str]:
    for table in sorted(one.keys() | two.keys()):
        lines_one, lines_two = one.get(table, set()), two.get(table, set())
        yield from (f"only in the {name_one}: {table} {it}" for it in sorted(lines_one - lines_two))
        yield from (f"only in the {name_two}: {table} {it}" for it in sorted(lines_two - lines_one))


def _catalogue(url: str, feature: Feature) -> Catalogue:
    with migration_engine(url) as engine, engine.connect() as connection:
        inspector = sa.inspect(connection)
        left_out = {version_table(feature.name), *chain(*virtual_tables(connection).values())}
        return {
            table: set(_lines(inspector, table, exact=engine.dialect.name == "postgresql"))
            for table in inspector.get_table_names()
            if table.startswith(f"{feature.name}_") and table not in left_out
        }


def _lines(inspector: sa.Inspector, table: str, *, exact: bool) -> Iterator[str]:
    """Describe a table line by line; with *exact*, including expressions."""
    # SQLite keeps expressions as they were written, so equal ones can differ in text.
    for column in inspector.get_columns(table):
        default = f" default {column['default']}" if exact else ""
        null = "null" if column["nullable"] else "not null"
        yield f"column {column['name']} {column['type']!r} {null}{default}"
    yield f"primary key {_sorted(inspector.get_pk_constraint(table))}"
    for key in inspector.get_foreign_keys(table):
        yield f"foreign key {_sorted(key)}"
    for unique in inspector.get_unique_constraints(table):
        yield f"unique key {_sorted(unique)}"
    for index in inspector.get_indexes(table):
        yield f"index {_sorted(index if exact else {**index, 'dialect_options': {}})}"
    for check in inspector.get_check_constraints(table):
        yield f"check {check['name']} {check['sqltext'] if exact else ''}".rstrip()


def _sorted(found: Any) -> str:
    return " ".join(f"{key}={found[key]}" for key in sorted(found) if found[key])
