"""Rows that were just written, shown without being read back."""

from collections.abc import Callable, Mapping
from typing import Any

import marshmallow as ma
from marshmallow import fields

from mercato_kit.schemas import Instant, render_instant
from mercato_kit.views.shapes import schema_of

Row = Mapping[str, Any]
Conversion = Callable[[Any], Any]


class Dumper:
    """Shows the values of a row as ``schema.dump`` shows an entity that has them.

    Args:
        schema: The schema of the row.
        without: The paths of fields that are not shown.
        path: The path of the field that the row is shown in, with a dot at its end.
    """

    def __init__(self, schema: ma.Schema, without: frozenset[str], path: str = "") -> None:
        self._members = sorted(
            (field.data_key or name, field.attribute or name, _conversion(field, without, path))
            for name, field in schema.dump_fields.items()
            if path + name not in without
        )

    def dump(self, row: Row) -> dict[str, Any]:
        """Return the members of an answer; UUIDs are left to the JSON encoder."""
        members = {}
        for name, attribute, convert in self._members:
            value = row[attribute]
            members[name] = value if convert is None or value is None else convert(value)
        return members


def _conversion(field: fields.Field[Any], without: frozenset[str], path: str) -> Conversion | None:
    schema, many = schema_of(field)
    if schema is not None:
        dump = Dumper(schema, without, f"{path}{field.name}.").dump
        return (lambda rows: [dump(row) for row in rows]) if many else dump
    return render_instant if isinstance(field, Instant) else None
