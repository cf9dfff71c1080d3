"""The code of a field error comes from the rule, whatever the text of the message is."""

import marshmallow as ma
import pytest
from marshmallow import fields, validate

from mercato_kit.schemas import Email, Integer, List, Message, Schema, Text

ODD = "Odd."


def codes_of(field, value):
    """Return the codes and texts of the errors that a field reports for *value*."""
    schema = Schema.from_dict({"value": field})()
    with pytest.raises(ma.ValidationError) as refused:
        schema.load({"value": value})
    found = refused.value.messages["value"]
    messages = found if isinstance(found, list) else next(iter(found.values()))
    return [(message.code, str(message)) for message in messages]


class TestMessage:
    def test_keeps_its_code_when_it_is_formatted(self):
        """Marshmallow formats messages; the code stays."""
        message = Message("At most {max}.", "max").format(max=3)

        assert (message, message.code) == ("At most 3.", "max")

    def test_is_invalid_without_a_code(self):
        """A rule that names no code is ``invalid``."""
        assert Message("Odd.").code == "invalid"


class TestCarryCodes:
    @pytest.mark.parametrize(
        ("field", "value", "code"),
        [
            (fields.String(validate=validate.Length(min=2, error=ODD)), "a", "min_length"),
            (fields.String(validate=validate.Length(max=2, error=ODD)), "abc", "max_length"),
            (fields.String(validate=validate.Length(equal=2, error=ODD)), "abc", "length"),
            (Integer(validate=validate.Range(min=2, error=ODD)), 1, "min"),
            (Integer(validate=validate.Range(max=2, error=ODD)), 3, "max"),
            (Integer(validate=validate.Range(min=1, max=2, error=ODD)), 3, "range"),
            (Text(validate=validate.OneOf(["a"], error=ODD)), "b", "choice"),
            (Text(validate=validate.Equal("a", error=ODD)), "b", "choice"),
            (Text(validate=validate.Regexp("a", error=ODD)), "b", "pattern"),
            (Text(validate=validate.URL(error=ODD)), "b", "format"),
            (Text(validate=validate.And(validate.OneOf(["a"], error=ODD))), "b", "choice"),
            (Text(error_messages={"invalid": ODD}), 1, "type"),
            (Email(error_messages={"invalid": ODD}), "a", "format"),
            (fields.Date(error_messages={"invalid": ODD}), "a", "format"),
            (fields.IP(error_messages={"invalid_ip": ODD}), "a", "format"),
            (List(Text(error_messages={"null": ODD}), max=1), [None], "null"),
        ],
        ids=lambda part: type(part).__name__,
    )
    def test_names_the_rule(self, field, value, code):
        """The same odd text has the code of the rule that was broken."""
        assert codes_of(field, value) == [(code, ODD)]

    def test_leaves_a_code_that_was_given(self):
        """A rule can have a code of its own."""
        pattern = validate.Regexp(r"\S", error=Message(ODD, "blank"))

        assert codes_of(Text(validate=pattern), " ") == [("blank", ODD)]

    def test_does_not_guess(self):
        """A function that raises plain text has the code ``invalid``, whatever it says."""

        def refuse(_value):
            raise ma.ValidationError("Must be greater than 3.")

        [message] = _messages(Text(validate=refuse))

        assert getattr(message, "code", "invalid") == "invalid"


def _messages(field):
    with pytest.raises(ma.ValidationError) as refused:
        Schema.from_dict({"value": field})().load({"value": "a"})
    return refused.value.messages["value"]
