"""What a feature takes in: strict, bounded, and nothing that its schema does not list."""

from typing import Any

import marshmallow as ma
import pytest
from marshmallow import fields
from marshmallow import validate

from mercato_kit.schemas import Metadata
from mercato_kit.schemas import Schema
from mercato_kit.schemas import Text
from mercato_testing.conformance import schemas
from mercato_testing.samples.notes import feature

from .faulty import with_route


class Part(Schema):
    name = fields.String()


class TestLooseInputs:
    def test_passes_strict(self):
        """Fields of the kit, and bounded text, are strict."""
        assert list(schemas.loose_inputs(feature)) == []
        assert list(schemas.loose_inputs(self.reading(meta=Metadata(), word=Text(max=3)))) == []

    @pytest.mark.parametrize(
        ("field", "found"),
        [
            (fields.String(), "text without a greatest length"),
            (fields.Url(), "text without a greatest length"),
            (fields.String(validate=validate.Length(min=1)), "text without a greatest length"),
            (fields.List(fields.String()), "field[] is text"),
            (fields.Nested(Part), "Part.name is text"),
            (fields.List(fields.Nested(Part)), "Part.name is text"),
            (fields.Integer(), "use mercato_kit.schemas.Integer"),
            (fields.Boolean(), "use mercato_kit.schemas.Boolean"),
            (fields.UUID(), "use mercato_kit.schemas.Uuid"),
            (fields.DateTime(), "use mercato_kit.schemas.Instant"),
            (fields.Raw(), "takes anything"),
            (fields.Dict(), "takes any number of members"),
            (fields.Dict(validate=validate.Length(max=3)), "takes anything"),
        ],
    )
    def test_finds_loose(self, field, found):
        """Text without end, fields that convert, and what takes anything."""
        assert any(found in line for line in schemas.loose_inputs(self.reading(field=field)))

    @pytest.mark.parametrize(
        "validator", [validate.OneOf(["a"]), validate.Equal("a"), validate.Length(equal=3)]
    )
    def test_passes_other_bounds(self, validator):
        """Text out of a list, or of one length, has an end."""
        assert list(schemas.loose_inputs(self.reading(x=fields.String(validate=validator)))) == []

    def test_finds_a_schema_that_takes_unknown_fields(self):
        """What a schema does not list is refused, not dropped."""

        class Loose(ma.Schema):
            class Meta:
                """Ignore strangers."""

                unknown = ma.EXCLUDE

        (found,) = schemas.loose_inputs(with_route(arguments=Loose))

        assert found == "/x: Loose takes unknown fields"

    @staticmethod
    def reading(**listed: Any):
        """Return a feature with a route that reads these fields."""
        return with_route(arguments=Schema.from_dict(listed))
