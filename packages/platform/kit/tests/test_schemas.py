import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given, strategies as st
from marshmallow import validate

from mercato_kit.db import MAX_SAFE_INTEGER
from mercato_kit.schemas import (
    Boolean,
    Email,
    Instant,
    Integer,
    Line,
    List,
    Listed,
    Metadata,
    Password,
    QuerySchema,
    StandardCode,
    Text,
    Uuid,
    not_blank,
    render_instant,
)
from mercato_kit.text import is_text

from .made import refuses, schema_of

SOME_ID = "01a203b7-028a-72a0-b96b-7ffe5e30ce5f"

# Values of other types, which no field accepts. Each field adds its own.
LISTS = ([], [1], {}, {"a": 1})


def _load(field, value):
    return schema_of(field)().load({"value": value})["value"]


class TestPassword:
    def test_accepts_control_characters(self):
        """A password may have any control characters."""
        assert _load(Password(), "\x1b\t\x07\x9f") == "\x1b\t\x07\x9f"

    def test_is_loaded_in_nfkc(self):
        """Letters that keyboards send in several forms are one, and limits count the result."""
        assert _load(Password(min=6, max=6), "\uff41\ufb03\u0065\u0301\u2460") == "affi\u00e91"
        assert refuses(Password(max=17), "\ufdfa")

    @pytest.mark.parametrize("value", ["a\x00", "\ud800", 1])
    def test_refuses_nul_and_surrogates(self, value):
        """Characters that a database cannot store are refused."""
        assert refuses(Password(), value)


class TestText:
    @pytest.mark.parametrize("value", [1, 1.5, True, None, "a\x00", "\ud800", "\udc00x", *LISTS])
    def test_refuses(self, value):
        """Only strings that a database can store are accepted; nothing is converted."""
        assert refuses(Text(), value)

    @pytest.mark.parametrize("value", ["", " a ", "ü", "\U0001f600", "\u0000"[:0], "\n"])
    def test_accepts(self, value):
        """Text is not stripped."""
        assert _load(Text(), value) == value

    @pytest.mark.parametrize("length", [1, 4])
    def test_has_limits(self, length):
        """The limits are inclusive."""
        assert _load(Text(min=1, max=4), "a" * length)
        assert refuses(Text(min=1, max=4), "")
        assert refuses(Text(min=1, max=4), "a" * 5)

    def test_has_a_default_limit(self):
        """The default limit is 5,000 characters."""
        assert _load(Text(), "a" * 5000)
        assert refuses(Text(), "a" * 5001)

    def test_accepts_more_validators(self):
        """A field's own validator runs in addition to the limits."""
        field = Text(max=3, validate=validate.OneOf(["a", "bbbb"]))

        assert _load(field, "a") == "a"
        assert refuses(field, "c")
        assert refuses(field, "bbbb")

    @given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=50))
    def test_accepts_all_text(self, value):
        """All UTF-8 text without control characters is accepted, and loaded in NFC."""
        assert is_text(value)
        assert _load(Text(max=200), value) == unicodedata.normalize("NFC", value)

    @pytest.mark.parametrize("value", ["a\x01", "\x08", "\x0b", "\x1b[2J", "a\x7fb", "\x9b31m"])
    def test_refuses_control_characters(self, value):
        """Control characters of terminals are refused."""
        assert refuses(Text(), value) == {"value": ["Has a character that does not belong here."]}

    def test_accepts_tabs_and_line_breaks(self):
        """A text may have several lines."""
        assert _load(Text(), "a\tb\r\nc\n") == "a\tb\r\nc\n"

    @pytest.mark.parametrize("field", [Text(max=4), Line(max=4)])
    def test_is_counted_in_nfc(self, field):
        """Composed and decomposed letters are the same text, with the same length."""
        assert (
            _load(field, "Zoe\u0308\u1ebf")
            == _load(field, "Zo\u00ebe\u0302\u0301")
            == "Zo\u00eb\u1ebf"
        )
        assert refuses(field, "\u0958" * 3) == {"value": ["Longer than maximum length 4."]}
        assert refuses(field, "e\u0301" * 99) == {"value": ["Longer than maximum length 4."]}

    def test_refuses_piles_of_marks(self):
        """More than 30 marks on a letter are refused before they are sorted, which takes long."""
        assert refuses(Text(), "a" + "\u0301\u0316" * 9000) == {
            "value": ["Has a character with too many combining marks."]
        }


class TestLine:
    @pytest.mark.parametrize("sign", [*"\t\n\r\x1b\x85\u2028\u202e\u2066"])
    def test_refuses(self, sign):
        """Tabs, line breaks and bidirectional overrides are refused."""
        assert refuses(Line(), f"a{sign}b")

    @pytest.mark.parametrize("value", ["", " a ", "Zo\u00eb", "\u05d0\u200fb", "\U0001f600"])
    def test_accepts(self, value):
        """Nothing is stripped, and all scripts are accepted."""
        assert _load(Line(), value) == value

    def test_has_limits(self):
        """A line has the limits of a text."""
        assert refuses(Line(min=1, max=4), "")
        assert refuses(Line(min=1, max=4), "a" * 5)


class TestNotBlank:
    @pytest.mark.parametrize("field", [Text(validate=not_blank), Line(validate=not_blank)])
    def test_refuses_white_space_alone(self, field):
        """Text needs a character that is seen; white space around it stays."""
        assert all(refuses(field, value) for value in ("", " ", "\u2003"))
        assert _load(field, " a ") == " a "

    def test_accepts_lines(self):
        """Text may begin with blank lines, and have more than one."""
        assert _load(Text(validate=not_blank), "\n\na\nb") == "\n\na\nb"


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
        """An address is a single address of 254 characters at most, without line breaks."""
        assert refuses(Email(), value)

    @pytest.mark.parametrize(
        "value", ["a@b.cd", "A.B+c@Example.com", "ü@example.com", "a@Straße.de"]
    )
    def test_accepts(self, value):
        """The address is not changed."""
        assert _load(Email(), value) == value

    @pytest.mark.parametrize(
        "value", ["a@\u2603.example", "a@-b.example", "a@[127.0.0.1]", 'a"b"@c.de']
    )
    def test_refuses_what_cannot_be_mailed(self, value):
        """A domain that IDNA 2008 refuses, an IP address and quoted parts are refused."""
        assert refuses(Email(), value) == {"value": ["Not a valid email address."]}


class TestInteger:
    @pytest.mark.parametrize(
        "value",
        ["3", "", 2.9, 3.0, -0.0, True, False, None, 2**53, -(2**53), 10**30, float("nan"), *LISTS],
    )
    def test_refuses(self, value):
        """Only JSON integers within ±(2^53 - 1) are accepted."""
        assert refuses(Integer(), value)

    @pytest.mark.parametrize("value", [0, -1, MAX_SAFE_INTEGER, -MAX_SAFE_INTEGER])
    def test_accepts(self, value):
        """The limits of safe integers are accepted."""
        assert _load(Integer(), value) == value

    def test_has_limits(self):
        """The message has the limit that was exceeded, and not the other one."""
        assert refuses(Integer(min=1, max=9), 0) == {
            "value": ["Must be greater than or equal to 1."]
        }
        assert refuses(Integer(min=1, max=9), 10) == {"value": ["Must be less than or equal to 9."]}

    @pytest.mark.parametrize(("text", "number"), [("3", 3), ("-3", -3), ("007", 7), ("-0", 0)])
    def test_converts_digits_in_a_query(self, text, number):
        """In a query string, digits are converted to an integer."""
        loaded = schema_of(Integer(), QuerySchema)().load({"value": text})

        assert loaded == {"value": number}

    @pytest.mark.parametrize("text", ["3.0", "1e3", "+3", " 3", "3 ", "1_0", "٣", "0x1", "--1", ""])
    def test_refuses_anything_else_in_a_query(self, text):
        """In a query string, other text is refused."""
        assert refuses(Integer(), text, QuerySchema)

    def test_converts_digits_in_a_list(self):
        """Digits in a list of a query string are converted, too."""
        loaded = schema_of(List(Integer(), max=2), QuerySchema)().load({"value": ["1", "2"]})

        assert loaded == {"value": [1, 2]}


class TestBoolean:
    @pytest.mark.parametrize("value", ["true", "yes", "1", 1, 0, None, "", *LISTS])
    def test_refuses(self, value):
        """Values that are merely true-like or false-like are refused."""
        assert refuses(Boolean(), value)

    @pytest.mark.parametrize("value", [True, False])
    def test_accepts(self, value):
        """True and false are accepted."""
        assert _load(Boolean(), value) is value

    @pytest.mark.parametrize("text", ["1", "yes", "True", "TRUE", "on", ""])
    def test_refuses_other_words_in_a_query(self, text):
        """In a query string, only true and false are accepted."""
        assert refuses(Boolean(), text, QuerySchema)
        assert schema_of(Boolean(), QuerySchema)().load({"value": "false"}) == {"value": False}


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
        """Only the canonical form of a UUID is accepted."""
        assert refuses(Uuid(), value)

    @pytest.mark.parametrize("value", [SOME_ID, SOME_ID.upper()])
    def test_accepts(self, value):
        """Upper-case digits are accepted."""
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
        """Only RFC 3339 with an offset is accepted, in years that can be converted to any offset.

        A leap second is refused, because the databases cannot store it.
        """
        assert refuses(Instant(), value)

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
    def test_accepts(self, value, instant):
        """Times with any offset are converted to UTC."""
        loaded = _load(Instant(), value)

        assert (loaded, loaded.tzinfo) == (instant, UTC)


class TestRenderInstant:
    def test_is_utc_with_milliseconds(self):
        """A time is rendered in one format, whatever its offset."""
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
        """Keys and values must be short texts."""
        assert refuses(Metadata(), value)

    def test_accepts(self):
        """Metadata within the limits is not changed."""
        value = {str(key).rjust(40, "0"): "x" * 500 for key in range(50)}

        assert _load(Metadata(), value) == value

    def test_refuses_one_key_in_two_spellings(self):
        """Keys that are equal in NFC are refused like a repeated key; neither value is lost."""
        assert refuses(Metadata(), {"\u00e9": "x", "e\u0301": "y"}) == {
            "value": ["Sent more than once: two names are one text."]
        }


class TestStandardCode:
    FIELD = StandardCode({"DE", "IT"}, "ISO 3166-1 alpha-2", "or XK")

    def test_accepts_the_codes(self):
        """A code of the standard is loaded as it is."""
        assert _load(self.FIELD, "DE") == "DE"

    def test_refuses_others_by_the_name_of_the_standard(self):
        """The message names the standard, not each of its codes."""
        message = "Must be one of the ISO 3166-1 alpha-2 codes, or XK."

        assert refuses(self.FIELD, "FR") == {"value": [message]}
        assert refuses(self.FIELD, "de")

    def test_is_described(self):
        """The API document names the standard."""
        assert self.FIELD.metadata["description"] == "ISO 3166-1 alpha-2, or XK"


class TestListed:
    @pytest.mark.parametrize("value", ["", ",", "1,", ",1", "1,,2", "1,2,3", "a", "1;2", 1, [1]])
    def test_refuses(self, value):
        """Each value must be valid, and there must not be too many."""
        assert refuses(Listed(Integer(), max=2), value, QuerySchema)

    def test_accepts(self):
        """Values are separated by commas, and keep their order."""
        ids = ",".join([SOME_ID, SOME_ID.upper()])

        assert _load(Listed(Uuid()), ids) == [UUID(SOME_ID)] * 2

    def test_accepts_a_repeated_parameter(self):
        """Values of a repeated parameter are read as if they were separated by commas."""
        assert _load(Listed(Text()), ["a,b", "c"]) == ["a", "b", "c"]

    def test_has_a_default_limit(self):
        """The default limit is 100 values."""
        assert len(_load(Listed(Text()), ",".join("a" * 100))) == 100
        assert refuses(Listed(Text()), ",".join("a" * 101))

    def test_reports_the_invalid_value(self):
        """The error has the position of the invalid value."""
        mistakes = refuses(Listed(Text(validate=validate.OneOf(["open"]))), "open,shut")

        assert mistakes == {"value": {1: ["Must be one of: open."]}}
