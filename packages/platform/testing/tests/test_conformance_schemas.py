"""The checks of input schemas."""

from typing import Any

import marshmallow as ma
import pytest
from marshmallow import fields, validate

from mercato_kit.schemas import Dict, List, Metadata, Schema, Text
from mercato_testing.conformance import schemas
from mercato_testing.samples.notes import feature

from .faulty import with_route


class Part(Schema):
    name = fields.String()


class Empty(Schema):
    pass


class Pair(Schema):
    max_items = 2


class TestLooseInputs:
    def test_accepts_strict(self):
        """Fields of the kit and bounded text are accepted."""
        assert list(schemas.loose_inputs(feature)) == []
        assert list(schemas.loose_inputs(self.reading(meta=Metadata(), word=Text(max=3)))) == []
        assert list(schemas.loose_inputs(self.reading(words=List(Text(), max=3)))) == []

    @pytest.mark.parametrize(
        ("field", "found"),
        [
            (fields.String(), "text without a maximum length"),
            (fields.Url(), "text without a maximum length"),
            (fields.String(validate=validate.Length(min=1)), "text without a maximum length"),
            (fields.List(fields.String()), "field[] is text"),
            (fields.List(Text(max=3)), "accepts any number of items"),
            (fields.List(Text(), validate=validate.Length(max=3)), "accepts any number of items"),
            (fields.Nested(Part), "Part.name is text"),
            (fields.Nested(Part, many=True), "accepts any number of items"),
            (fields.List(fields.Nested(Part)), "Part.name is text"),
            (fields.Integer(), "use mercato_kit.schemas.Integer"),
            (fields.Boolean(), "use mercato_kit.schemas.Boolean"),
            (fields.UUID(), "use mercato_kit.schemas.Uuid"),
            (fields.DateTime(), "use mercato_kit.schemas.Instant"),
            (fields.Raw(), "accepts anything"),
            (fields.Dict(), "accepts any number of items"),
            (Dict(max=3), "accepts anything"),
        ],
    )
    def test_finds_loose(self, field, found):
        """Unbounded text, fields that convert, and fields that accept anything are found."""
        assert any(found in line for line in schemas.loose_inputs(self.reading(field=field)))

    @pytest.mark.parametrize(
        "validator", [validate.OneOf(["a"]), validate.Equal("a"), validate.Length(equal=3)]
    )
    def test_accepts_other_bounds(self, validator):
        """Text from a list, or of a fixed length, is accepted."""
        assert list(schemas.loose_inputs(self.reading(x=fields.String(validate=validator)))) == []

    def test_finds_a_schema_that_accepts_unknown_fields(self):
        """A schema that ignores unknown fields is found."""

        class Loose(ma.Schema):
            class Meta:
                """Ignore unknown fields."""

                unknown = ma.EXCLUDE

        (found,) = schemas.loose_inputs(with_route(arguments=Loose))

        assert found == "/x: Loose accepts unknown fields"

    def test_finds_a_body_that_is_an_unbounded_list(self):
        """A body that is a list needs a maximum in its schema."""
        (found,) = schemas.loose_inputs(with_route(arguments=Empty(many=True)))
        accepted = list(schemas.loose_inputs(with_route(arguments=Pair(many=True))))

        assert found == "/x: Empty accepts any number of items: set max_items"
        assert accepted == []

    @staticmethod
    def reading(**listed: Any):
        """Return a feature with a route that reads these fields."""
        return with_route(arguments=ma.Schema.from_dict(listed))
