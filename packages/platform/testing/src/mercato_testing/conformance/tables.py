"""Checks of tables: names, foreign keys, constraints, and what columns hold of persons."""

from collections.abc import Iterator

import sqlalchemy as sa

from mercato_kit.feature import Feature
from mercato_kit.privacy.personal_data import unclassified


def tables_of(feature: Feature) -> list[sa.Table]:
    """Return the tables of *feature*, each after the tables it refers to."""
    return [] if feature.metadata is None else feature.metadata.sorted_tables


def foreign_tables(feature: Feature) -> Iterator[str]:
    """Find tables whose name does not start with the feature's name."""
    for table in [] if feature.metadata is None else feature.metadata.tables.values():
        if not table.name.startswith(f"{feature.name}_"):
            yield f"table {table.name}: its name must start with {feature.name}_"


def leaving_foreign_keys(feature: Feature) -> Iterator[str]:
    """Find foreign keys to tables of other features."""
    own = {} if feature.metadata is None else feature.metadata.tables
    for table in own.values():
        for key in table.foreign_keys:
            target = key.target_fullname.rpartition(".")[0]
            if target not in own:
                yield (
                    f"{table.name}.{key.parent.name} refers to {target}, which belongs to another "
                    "feature: keep its id in a plain column"
                )


def unclassified_columns(feature: Feature) -> Iterator[str]:
    """Find columns of which the manifest does not say what becomes of a person's data."""
    data = feature.personal_data
    for name in unclassified(feature.metadata, data.columns if data else {}):
        yield f"{name}: add it to the columns of PERSONAL_DATA in privacy.py"


def unnamed_constraints(feature: Feature) -> Iterator[str]:
    """Find constraints and indexes without a name."""
    for table in [] if feature.metadata is None else feature.metadata.tables.values():
        named: list[sa.Constraint | sa.Index] = [*table.constraints, *table.indexes]
        for item in named:
            columns = getattr(item, "columns", ())
            if isinstance(item, sa.PrimaryKeyConstraint) and not columns:
                continue
            # Without a convention, SQLAlchemy sets a marker here that is not a string.
            if not isinstance(item.name, str):
                yield f"{table.name}: {type(item).__name__} over {_names(columns)} has no name"


def _names(columns: object) -> str:
    return ", ".join(str(getattr(column, "name", column)) for column in columns) or "?"  # type: ignore[attr-defined]
