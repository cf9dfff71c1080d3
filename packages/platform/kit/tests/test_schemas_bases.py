from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

import marshmallow as ma
import pytest
from marshmallow import fields, validate

from mercato_kit.schemas import (
    Dict,
    Integer,
    List,
    Listed,
    ModelSchema,
    Schema,
    Text,
)

from .demo import Note, NoteSchema
from .made import refuses, schema_of

ID = "01a203b7-028a-72a0-b96b-7ffe5e30ce5f"


class _Costly(fields.Field):
    """A field that must not be reached."""

    def _deserialize(self, value, *args, **kwargs):
        raise AssertionError("an item was read")


class TestBounded:
    """The length is checked first, so the cost of long input does not depend on its content."""

    TOO_LONG: ClassVar = ["Longer than maximum length 2."]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            (List(_Costly(), max=2), [1, 2, 3]),
            (Listed(_Costly(), max=2), "1,2,3"),
            (Dict(keys=_Costly(), values=_Costly(), max=2), {"1": 1, "2": 2, "3": 3}),
        ],
    )
    def test_refuses_a_collection_before_its_items(self, field, value):
        """The items of a collection that is too long are not read."""
        assert refuses(field, value) == {"value": self.TOO_LONG}

    def test_refuses_text_before_other_validators(self):
        """A text that is too long gets one error, whatever else is wrong with it."""
        field = Text(max=2, validate=validate.OneOf(["a"]))

        assert refuses(field, "\x1bb" * 2) == {"value": self.TOO_LONG}

    def test_too_few_items(self):
        """A minimum is checked first, too."""
        assert refuses(List(Integer(), min=1, max=2), []) == {
            "value": ["Shorter than minimum length 1."]
        }


class TestSchema:
    @pytest.mark.parametrize(
        "field",
        [
            fields.List(Text()),
            fields.List(Text(), validate=validate.Length(max=3)),
            fields.Dict(keys=Text(), values=Text()),
            List(fields.List(Text()), max=3),
            Dict(values=fields.List(Text()), max=3),
            fields.Nested(schema_of(Text()), many=True),
            fields.Nested(schema_of(Text())(many=True)),
        ],
    )
    def test_cannot_be_defined_with_an_unbounded_collection(self, field):
        """A collection without a maximum is an error of the class that has it."""
        with pytest.raises(TypeError, match=r"MadeSchema\.value has no maximum"):
            schema_of(field)

    def test_bounds_a_body_that_is_a_list(self):
        """``max_items`` is the maximum of a list of the schema; without it there is no list."""
        bounded = type("PairSchema", (Schema,), {"max_items": 2, "value": Text()})

        loaded = bounded(many=True).load([{}, {}])
        with pytest.raises(ma.ValidationError) as refused:
            bounded(many=True).load([{"value": 1}] * 3)
        with pytest.raises(ma.ValidationError):
            schema_of(Text())(many=True).load([{}])

        assert loaded == [{}, {}]
        assert refused.value.messages == {"_schema": ["Longer than maximum length 2."]}

    def test_refuses_unknown_fields(self):
        """Unknown fields are refused, in nested schemas, too."""
        nested = fields.Nested(schema_of(Text()))

        assert refuses(nested, {"value": "a", "other": 1}) == {
            "value": {"other": ["Unknown field."]}
        }

    def test_makes_a_dataclass(self):
        """With ``makes`` a schema loads into the dataclass; absent fields have their defaults."""

        @dataclass(frozen=True)
        class Thing:
            value: str
            size: int = 7

        schema = type(
            "ThingSchema", (Schema,), {"makes": Thing, "value": Text(), "size": Integer()}
        )

        assert schema().load({"value": "a"}) == Thing("a", 7)

    def test_makes_a_dict_otherwise(self):
        """Without ``makes`` the result is a dict of the given fields."""
        assert schema_of(Text())().load({}) == {}


class TestModelSchema:
    def test_must_list_its_fields(self):
        """An output schema without a list of fields is an error."""
        with pytest.raises(TypeError, match=r"Open\.Meta must list its fields"):

            class Open(ModelSchema):
                class Meta(ModelSchema.Meta):
                    model = Note

    def test_a_schema_without_meta_is_refused(self):
        """The base class has no list of fields that could be inherited."""
        with pytest.raises(TypeError, match="must list its fields"):

            class Bare(ModelSchema):
                pass

    def test_publishes_the_listed_fields(self):
        """Only the listed fields are published, in the format of the API."""
        note = Note(
            id=UUID(ID),
            title="a",
            rank=1,
            owner="secret",
            version=2,
            created_at=datetime(2026, 1, 2, tzinfo=UTC),
        )

        assert NoteSchema().dump(note) == {
            "id": ID,
            "title": "a",
            "rank": 1,
            "version": 2,
            "created_at": "2026-01-02T00:00:00.000Z",
        }
