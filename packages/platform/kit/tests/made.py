"""Schemas of one field, and what they refuse."""

import marshmallow as ma
import pytest

from mercato_kit.schemas import Schema


def schema_of(field, base=Schema):
    """Make a schema whose field ``value`` is *field*."""
    return type("MadeSchema", (base,), {"value": field})


def refuses(field, value, base=Schema):
    """Return the errors of a value that the field refuses."""
    with pytest.raises(ma.ValidationError) as refused:
        schema_of(field, base)().load({"value": value})
    return refused.value.messages
