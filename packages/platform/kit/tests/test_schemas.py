from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from uuid import UUID

import marshmallow as ma
import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import fields
from marshmallow import validate

from mercato_kit.db import MAX_SAFE_INTEGER
from mercato_kit.schemas import Boolean
from mercato_kit.schemas import Email
from mercato_kit.schemas import Instant
from mercato_kit.schemas import Integer
from mercato_kit.schemas import Line
from mercato_kit.schemas import Listed
from mercato_kit.schemas import Metadata
from mercato_kit.schemas import ModelSchema
from mercato_kit.schemas import Password
from mercato_kit.schemas import QuerySchema
from mercato_kit.schemas import Schema
from mercato_kit.schemas import Text
from mercato_kit.schemas import Uuid
from mercato_kit.schemas import is_text
from mercato_kit.schemas import render_instant

from .demo import Note
from .demo import NoteSchema

SOME_ID = "01a203b7-028a-72a0-b96b-7ffe5e30ce5f"

# What no field takes: values of another kind. Each field adds its own.
LISTS = ([], [1], {}, {"a": 1})


def _load(field, value):
    return _schema(field)().load({"value": value})["value"]


def _schema(field, base=Schema):
    return type("MadeSchema", (base,), {"value": field})


def _refuses(field, value, base=Schema):
    with pytest.raises(ma.ValidationError) as refused:
        _schema(field, base)().load({"value": value})
    return refused.value.messages


class TestPassword:
    def test_takes_control_characters(self):
        """A password may have been made by a machine."""
        assert _load(Password(), "\x1b\t\x07\x9f") == "\x1b\t\x07\x9f"

    @pytest.mark.parametrize("value", ["a\x00", "\ud800", 1])
    def test_refuses_what_is_no_text(self, value):
        """As every text does."""
        assert _refuses(Password(), value)


class TestText:
    @pytest.mark.parametrize("value", [1, 1.5, True, None, "a\x00", "\ud800", "\udc00x", *LISTS])
    def test_refuses(self, value):
        """Text is text that every database can hold, and nothing is made into it."""
        assert _refuses(Text(), value)

    @pytest.mark.parametrize("value", ["", " a ", "ü", "\U0001f600", "\u0000"[:0], "\n"])
    def test_takes(self, value):
        """Nothing is stripped or changed."""
        assert _load(Text(), value) == value

    @pytest.mark.parametrize("length", [1, 4])
    def test_has_bounds(self, length):
        """The bounds belong to what is allowed; one more or less does not."""
        assert _load(Text(min=1, max=4), "a" * length)
        assert _refuses(Text(min=1, max=4), "")
        assert _refuses(Text(min=1, max=4), "a" * 5)

    def test_is_bounded_by_itself(self):
        """A text without a stated bound has 5,000 characters at most."""
        assert _load(Text(), "a" * 5000)
        assert _refuses(Text(), "a" * 5001)

    def test_takes_more_validators(self):
        """A field's own validator comes beside the bounds."""
        field = Text(max=3, validate=validate.OneOf(["a", "bbbb"]))

        assert _load(field, "a") == "a"
        assert _refuses(field, "c")
        assert _refuses(field, "bbbb")

    @given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=50))
    def test_takes_all_that_is_text(self, value):
        """Whatever UTF-8 can write, apart from control characters, is text."""
        assert is_text(value)
        assert _load(Text(), value) == value

    @pytest.mark.parametrize("value", ["a\x01", "\x08", "\x0b", "\x1b[2J", "a\x7fb", "\x9b31m"])
    def test_refuses_control_characters(self, value):
        """What moves a terminal's cursor or rings its bell is not text."""
        assert _refuses(Text(), value) == {"value": ["Has a character that does not belong here."]}

    def test_takes_tabs_and_line_ends(self):
        """A text may have several lines."""
        assert _load(Text(), "a\tb\r\nc\n") == "a\tb\r\nc\n"


class TestLine:
    @pytest.mark.parametrize("sign", [*"\t\n\r\x1b\x85\u2028\u202e\u2066"])
    def test_refuses(self, sign):
        """A name has one line, and is read the way it is written."""
        assert _refuses(Line(), f"a{sign}b")

    @pytest.mark.parametrize("value", ["", " a ", "Zo\u00eb", "\u05d0\u200fb", "\U0001f600"])
    def test_takes(self, value):
        """Nothing is stripped or changed, and every script has its marks."""
        assert _load(Line(), value) == value

    def test_has_bounds(self):
        """It is a text, with a text's bounds."""
        assert _refuses(Line(min=1, max=4), "")
        assert _refuses(Line(min=1, max=4), "a" * 5)


class TestEmail:
    @pytest.mark.parametrize(
        "value",
        [
            1,
            None,
            True,
            "",
            "a",
            "a@",
            "@b.c",
            "a b@c.de",
            "a@b",
            "a@b.c\x00",
            "a\ud800@b.cd",
            "a@b.cd\nBcc: x@y.zz",
            '"a\x01"@b.cd',
            "a" * 250 + "@b.cd",
            *LISTS,
        ],
    )
    def test_refuses(self, value):
        """An address is one address, short enough for SMTP, without a line break."""
        assert _refuses(Email(), value)

    @pytest.mark.parametrize("value", ["a@b.cd", "A.B+c@Example.com", "ü@example.com"])
    def test_takes(self, value):
        """The address stays as it was written."""
        assert _load(Email(), value) == value


class TestInteger:
    @pytest.mark.parametrize(
        "value",
        ["3", "", 2.9, 3.0, -0.0, True, False, None, 2**53, -(2**53), 10**30, float("nan"), *LISTS],
    )
    def test_refuses(self, value):
        """Only a whole number of JSON is one, and only one that every reader keeps exact."""
        assert _refuses(Integer(), value)

    @pytest.mark.parametrize("value", [0, -1, MAX_SAFE_INTEGER, -MAX_SAFE_INTEGER])
    def test_takes(self, value):
        """The largest safe number is safe."""
        assert _load(Integer(), value) == value

    def test_has_bounds(self):
        """The message names the bound that was crossed, and not the other."""
        assert _refuses(Integer(min=1, max=9), 0) == {
            "value": ["Must be greater than or equal to 1."]
        }
        assert _refuses(Integer(min=1, max=9), 10) == {
            "value": ["Must be less than or equal to 9."]
        }

    @pytest.mark.parametrize(("text", "number"), [("3", 3), ("-3", -3), ("007", 7), ("-0", 0)])
    def test_reads_digits_in_a_query(self, text, number):
        """In a query string, where everything is text, digits are a number."""
        loaded = _schema(Integer(), QuerySchema)().load({"value": text})

        assert loaded == {"value": number}

    @pytest.mark.parametrize("text", ["3.0", "1e3", "+3", " 3", "3 ", "1_0", "٣", "0x1", "--1", ""])
    def test_refuses_anything_else_in_a_query(self, text):
        """What is not plain digits is no number."""
        assert _refuses(Integer(), text, QuerySchema)

    def test_reads_digits_inside_a_list(self):
        """A list in a query has numbers too."""
        loaded = _schema(fields.List(Integer()), QuerySchema)().load({"value": ["1", "2"]})

        assert loaded == {"value": [1, 2]}


class TestBoolean:
    @pytest.mark.parametrize("value", ["true", "yes", "1", 1, 0, None, "", *LISTS])
    def test_refuses(self, value):
        """Nothing that merely resembles true is true."""
        assert _refuses(Boolean(), value)

    @pytest.mark.parametrize("value", [True, False])
    def test_takes(self, value):
        """True and false are what they are."""
        assert _load(Boolean(), value) is value

    @pytest.mark.parametrize("text", ["1", "yes", "True", "TRUE", "on", ""])
    def test_refuses_other_words_in_a_query(self, text):
        """A query says true or false."""
        assert _refuses(Boolean(), text, QuerySchema)
        assert _schema(Boolean(), QuerySchema)().load({"value": "false"}) == {"value": False}


class TestUuid:
    @pytest.mark.parametrize(
        "value",
        [
            1,
            None,
            "",
            SOME_ID.replace("-", ""),
            f"{{{SOME_ID}}}",
            f"urn:uuid:{SOME_ID}",
            SOME_ID + "0",
            SOME_ID + "\n",
            SOME_ID.replace("0", "\N{ARABIC-INDIC DIGIT ZERO}"),
            *LISTS,
        ],
    )
    def test_refuses(self, value):
        """An id is written in its canonical form, and no other."""
        assert _refuses(Uuid(), value)

    @pytest.mark.parametrize("value", [SOME_ID, SOME_ID.upper()])
    def test_takes(self, value):
        """Upper case is the same id."""
        assert _load(Uuid(), value) == UUID(SOME_ID)


class TestInstant:
    @pytest.mark.parametrize(
        "value",
        [
            1,
            None,
            "",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-01-01 00:00:00Z",
            "20260101T000000Z",
            "2026-01-01T00Z",
            "2026-01-01T00:00Z",
            "2026-W01-1T00:00:00Z",
            "2026-01-01T00:00:00,5Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.1234567890Z",
            "2026-01-01T00:00:00+0100",
            "2026-01-01T00:00:00+01:00:30",
            "2026-01-01T00:00:00+24:00",
            "2026-02-30T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-12-31T23:59:60Z",
            "2026-01-01T00:00:00Z\n",
            "٢٠٢٦-01-01T00:00:00Z",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00",
            "1899-12-31T23:59:59Z",
            "2300-01-01T00:00:00Z",
            "-2026-01-01T00:00:00Z",
            *LISTS,
        ],
    )
    def test_refuses(self, value):
        """A time is RFC 3339 with an offset, in a year that survives any other offset.

        A leap second is none: no database here could keep it.
        """
        assert _refuses(Instant(), value)

    @pytest.mark.parametrize(
        ("value", "instant"),
        [
            ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
            ("2026-01-02t03:04:05z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
            ("2026-01-02T03:04:05.6789Z", datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC)),
            ("2026-01-02T03:04:05.123456789Z", datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)),
            ("2026-01-02T03:04:05+02:30", datetime(2026, 1, 2, 0, 34, 5, tzinfo=UTC)),
            ("2026-01-02T03:04:05-00:00", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
            ("1900-01-01T00:00:00+14:00", datetime(1899, 12, 31, 10, tzinfo=UTC)),
            ("2299-12-31T23:59:59-14:00", datetime(2300, 1, 1, 13, 59, 59, tzinfo=UTC)),
        ],
    )
    def test_takes(self, value, instant):
        """Whatever the offset, the time is UTC afterwards."""
        loaded = _load(Instant(), value)

        assert (loaded, loaded.tzinfo) == (instant, UTC)


class TestRenderInstant:
    def test_is_utc_with_milliseconds(self):
        """Times go out in one form, whatever offset they have."""
        plus_one = timezone(timedelta(hours=1))

        assert render_instant(datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=plus_one)) == (
            "2026-01-02T02:04:05.678Z"
        )
        assert render_instant(datetime(2026, 1, 2, tzinfo=UTC)) == "2026-01-02T00:00:00.000Z"


class TestMetadata:
    @pytest.mark.parametrize(
        "value",
        [
            1,
            "a",
            [],
            {"": "x"},
            {"k" * 41: "x"},
            {"a": 1},
            {"a": None},
            {"a": {"b": "c"}},
            {"a": "x" * 501},
            {"a\x00": "x"},
            {"a": "\x00"},
            {str(key): "x" for key in range(51)},
        ],
    )
    def test_refuses(self, value):
        """Free data is flat, short and text."""
        assert _refuses(Metadata(), value)

    def test_takes(self):
        """As much as is allowed is taken as it is."""
        value = {str(key).rjust(40, "0"): "x" * 500 for key in range(50)}

        assert _load(Metadata(), value) == value


class TestListed:
    @pytest.mark.parametrize("value", ["", ",", "1,", ",1", "1,,2", "1,2,3", "a", "1;2", 1, [1]])
    def test_refuses(self, value):
        """Each value is one of the inner field, and there are no more than allowed."""
        assert _refuses(Listed(Integer(), max=2), value, QuerySchema)

    def test_takes(self):
        """Values are given apart by commas, and keep their order."""
        ids = ",".join([SOME_ID, SOME_ID.upper()])

        assert _load(Listed(Uuid()), ids) == [UUID(SOME_ID)] * 2

    def test_is_bounded_by_itself(self):
        """A list without a stated bound has 100 values at most."""
        assert len(_load(Listed(Text()), ",".join("a" * 100))) == 100
        assert _refuses(Listed(Text()), ",".join("a" * 101))

    def test_names_the_wrong_value(self):
        """The mistake says which of the values is wrong."""
        mistakes = _refuses(Listed(Text(validate=validate.OneOf(["open"]))), "open,shut")

        assert mistakes == {"value": {1: ["Must be one of: open."]}}


class TestSchema:
    def test_refuses_what_is_not_listed(self):
        """An unknown field is a mistake, nested ones included."""
        nested = fields.Nested(_schema(Text()))

        assert _refuses(nested, {"value": "a", "other": 1}) == {
            "value": {"other": ["Unknown field."]}
        }

    def test_makes_a_dataclass(self):
        """With ``makes`` a schema loads into the dataclass; what is absent has its default."""

        @dataclass(frozen=True)
        class Thing:
            value: str
            size: int = 7

        schema = type(
            "ThingSchema", (Schema,), {"makes": Thing, "value": Text(), "size": Integer()}
        )

        assert schema().load({"value": "a"}) == Thing("a", 7)

    def test_makes_a_dict_otherwise(self):
        """Without ``makes`` only what was sent is in the dict."""
        assert _schema(Text())().load({}) == {}


class TestModelSchema:
    def test_must_list_its_fields(self):
        """A new column is never published by accident: no list, no schema."""
        with pytest.raises(TypeError, match=r"Open\.Meta must list its fields"):

            class Open(ModelSchema):
                class Meta(ModelSchema.Meta):
                    model = Note

    def test_a_schema_without_meta_has_no_list(self):
        """Nothing is inherited from the base that would count as a list."""
        with pytest.raises(TypeError, match="must list its fields"):

            class Bare(ModelSchema):
                pass

    def test_publishes_what_is_listed(self):
        """Exactly the listed fields go out, times and ids in the API's form."""
        note = Note(
            id=UUID(SOME_ID),
            title="a",
            rank=1,
            owner="secret",
            version=2,
            created_at=datetime(2026, 1, 2, tzinfo=UTC),
        )

        assert NoteSchema().dump(note) == {
            "id": SOME_ID,
            "title": "a",
            "rank": 1,
            "version": 2,
            "created_at": "2026-01-02T00:00:00.000Z",
        }
