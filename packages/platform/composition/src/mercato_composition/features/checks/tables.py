"""K410: tables, indexes, keys, sequences and enums share one namespace in a database."""

import inspect
from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase

from mercato_composition.faults import Fault, Outside
from mercato_composition.features.candidate import Candidate
from mercato_kit import models

_KIT = "mercato-kit"

Named = tuple[str, str, sa.Table | None]
"""Kind, name, and the table it belongs to."""


def one_owner_each(features: Sequence[Candidate]) -> Iterator[Fault]:
    """Check that no two features have one name in the database (K410)."""
    owners: dict[str, tuple[str, Named]] = {
        named[1]: (_KIT, named) for named in _names_in(models.Base.metadata)
    }
    for feature in features:
        metadata = feature.manifest.metadata
        if metadata is None:
            continue
        for named in _names_in(metadata):
            owner, first = owners.setdefault(named[1], (feature.where, named))
            if owner != feature.where:
                yield _clash(feature, named, owner, first)


def _names_in(metadata: sa.MetaData) -> Iterator[Named]:
    for table in metadata.sorted_tables:
        yield "table", table.name, table
        for index in table.indexes:
            yield "index", str(index.name), table
        for constraint in table.constraints:
            # These make an index of their name; CHECK and foreign keys belong to their table.
            # The database makes up the name of one that has none.
            is_key = isinstance(constraint, (sa.PrimaryKeyConstraint, sa.UniqueConstraint))
            if is_key and constraint.name is not None:
                yield "key", str(constraint.name), table
        for column in table.columns:
            if isinstance(column.type, sa.Enum) and column.type.native_enum and column.type.name:
                yield "enum", column.type.name, table
    # Sequences that stand for themselves; SQLAlchemy has no public list of them.
    for name in getattr(metadata, "_sequences", {}):
        yield "sequence", str(name), None


def _clash(feature: Candidate, named: Named, owner: str, first: Named) -> Fault:
    kind, name, table = named
    article = "an" if first[0] in {"index", "enum"} else "a"
    places = [place for place in (_place(first[2]), _place(table)) if place]
    what = "\n".join(
        [
            f"its {kind} {name!r} is also {article} {first[0]} of {owner}.",
            *places,
            "the feature migrated first would own it, and the other would use it",
        ]
    )
    return feature.fault(
        "K410", what, Outside(f"rename the {kind}: its name starts with '{feature.name}_'")
    )


def _place(table: sa.Table | None) -> str | None:
    """Find file and line of the class that maps *table*."""
    for model in _models(DeclarativeBase):
        if table is not None and getattr(model, "__table__", None) is table:
            return f"{inspect.getsourcefile(model)}:{inspect.getsourcelines(model)[1]}"
    return None


def _models(base: type[DeclarativeBase]) -> Iterator[type[DeclarativeBase]]:
    for subclass in base.__subclasses__():
        yield subclass
        yield from _models(subclass)
