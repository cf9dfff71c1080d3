"""From an output schema and its model to the SQL of what the schema shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field as member
from typing import Any, cast

import marshmallow as ma
import sqlalchemy as sa
from marshmallow import fields
from sqlalchemy.orm import InstrumentedAttribute, RelationshipProperty

from mercato_kit.db import UtcDateTime
from mercato_kit.views.elements import JsonList, JsonObject, nested

Condition = sa.ColumnElement[bool]

_MOST_MEMBERS = 50
"""PostgreSQL's functions take 100 arguments; a member of an object is two."""

_KINDS: Mapping[type[fields.Field[Any]], tuple[type[Any], ...]] = {
    fields.UUID: (sa.Uuid,),
    fields.Boolean: (sa.Boolean,),
    fields.Integer: (sa.Integer,),
    fields.DateTime: (UtcDateTime,),
    fields.Mapping: (sa.JSON,),
    fields.List: (sa.JSON,),
    fields.Raw: (sa.JSON,),
    fields.String: (sa.String,),
}
"""The column types that each field shows as its own dump does; earlier entries win."""


@dataclass(frozen=True)
class Shape:
    """What a view shows of its rows.

    Args:
        schema: The schema of a row.
        computed: SQL by the path of a field (``image_url``, ``variants.stock``).
        without: The paths of fields that are not shown.
        only: Conditions of nested rows by the path of their field.
        tables: The tables that enclose a nested row, outermost first.
        path: The path of the field that this is the shape of, with a dot at its end.
    """

    schema: ma.Schema
    computed: Mapping[str, Any] = member(default_factory=dict)
    without: frozenset[str] = frozenset()
    only: Mapping[str, Sequence[Condition]] = member(default_factory=dict)
    tables: tuple[Any, ...] = ()
    path: str = ""

    def members(self) -> list[tuple[str, sa.ColumnElement[Any]]]:
        """Return the name and the SQL of each member, in the order of an answer: by name.

        Raises:
            TypeError: SQL cannot show a field as its schema does.
        """
        self._check_hooks()
        shown = [
            (field.data_key or name, self._column(name, field))
            for name, field in self.schema.dump_fields.items()
            if self.path + name not in self.without
        ]
        if self.path and len(shown) > _MOST_MEMBERS:
            raise self._error("has more than 50 members")
        return sorted(shown, key=lambda item: item[0])

    def _check_hooks(self) -> None:
        """Refuse a hook after the dump, unless the view leaves out what the hook is about."""
        hooks = self.schema._hooks  # noqa: SLF001 - marshmallow has no other way to ask
        if hooks.get("pre_dump"):
            raise self._error("has a pre_dump hook, which a view does not run")
        covered = any(f"{self.path}{name}" in self.without for name in self.schema.dump_fields)
        if hooks.get("post_dump") and not covered:
            raise self._error("has a post_dump hook: say in without= what it leaves out")

    def _column(self, name: str, field: fields.Field[Any]) -> sa.ColumnElement[Any]:
        path = self.path + name
        if path in self.computed:
            return self._computed(path, field, self.computed[path])
        attribute = field.attribute or name
        owner, _, rest = attribute.partition(".")
        found = getattr(self._model, owner, None)
        if rest:
            return self._fitting(path, field, _of_another_row(found, rest))
        if _is_relationship(found):
            return self._related(path, field, found)
        if not hasattr(found, "type"):
            raise self._error(f"{name} is no column: give its SQL in computed=")
        return self._fitting(path, field, cast("sa.ColumnElement[Any]", found))

    def _computed(self, path: str, field: fields.Field[Any], given: Any) -> sa.ColumnElement[Any]:
        if not isinstance(given, sa.Select):
            return self._fitting(path, field, given)
        given = given.correlate(*self.tables)
        schema, many = schema_of(field)
        if schema is not None:
            entity = given.column_descriptions[0]["entity"]
            return self._rows(path, schema, entity, given, many=many)
        if isinstance(field, fields.List):
            return _as_list(given)
        return self._fitting(path, field, given.scalar_subquery())

    def _related(self, path: str, field: fields.Field[Any], found: Any) -> sa.ColumnElement[Any]:
        schema, many = schema_of(field)
        relation = cast("RelationshipProperty[Any]", found.property)
        if schema is None or relation.secondary is not None or many is not relation.uselist:
            raise self._error(f"{path} does not fit its relationship: give its SQL in computed=")
        entity = relation.mapper.class_
        if entity.__table__ in self.tables:
            raise self._error(f"{path} is of a table that encloses it: give its SQL in computed=")
        conditions = self.only.get(path, ())
        rows = sa.select(entity).where(relation.primaryjoin, *conditions).correlate(*self.tables)
        return self._rows(path, schema, entity, rows.order_by(*relation.order_by or ()), many=many)

    def _rows(
        self, path: str, schema: ma.Schema, entity: Any, rows: sa.Select[Any], *, many: bool
    ) -> sa.ColumnElement[Any]:
        """Return related rows as JSON: a list, or one object or null."""
        shape = Shape(
            schema=schema,
            computed=self.computed,
            without=self.without,
            only=self.only,
            tables=(*self.tables, entity.__table__),
            path=f"{path}.",
        )
        parts = [(name, nested(column)) for name, column in shape.members()]
        objects = rows.with_only_columns(JsonObject(parts).label("item"))
        return _as_list(objects) if many else objects.scalar_subquery()

    def _fitting(
        self, path: str, field: fields.Field[Any], column: sa.ColumnElement[Any]
    ) -> sa.ColumnElement[Any]:
        """Return *column* if the field shows its values as they are."""
        known = (types for kind, types in _KINDS.items() if isinstance(field, kind))
        if isinstance(field, fields.Nested) and isinstance(column.type, sa.JSON):
            return column
        if not isinstance(column.type, next(known, ())):
            raise self._error(f"{path} does not show values of type {column.type!r} as they are")
        return column

    @property
    def _model(self) -> Any:
        return getattr(self.schema.opts, "model", None)

    def _error(self, mistake: str) -> TypeError:
        return TypeError(f"{type(self.schema).__name__} cannot be a view: {mistake}")


def _of_another_row(found: Any, attribute: str) -> sa.ColumnElement[Any]:
    """Select a column of the row that a relationship to one row leads to."""
    relation = cast("RelationshipProperty[Any]", found.property)
    other = relation.mapper.class_.__table__.alias()
    column = relation.mapper.columns[attribute]
    joined = (other.c[theirs.key] == ours for ours, theirs in relation.local_remote_pairs or ())
    return sa.select(other.c[column.key]).where(*joined).correlate_except(other).scalar_subquery()


def _as_list(rows: sa.Select[Any]) -> sa.ColumnElement[Any]:
    listed = rows.subquery()
    (item,) = listed.c
    return sa.select(JsonList(nested(item))).scalar_subquery()


def schema_of(field: fields.Field[Any]) -> tuple[ma.Schema | None, bool]:
    """Return the schema of a nested field, and whether it is a list of it."""
    if isinstance(field, fields.List) and isinstance(field.inner, fields.Nested):
        return field.inner.schema, True
    if isinstance(field, fields.Nested):
        return field.schema, bool(field.many)
    return None, False


def _is_relationship(found: Any) -> bool:
    return isinstance(found, InstrumentedAttribute) and isinstance(
        found.property, RelationshipProperty
    )
