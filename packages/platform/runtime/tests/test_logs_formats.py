import json
import logging

import pytest

from mercato_kit.db import new_id
from mercato_runtime.logs.formats import Formatter


@pytest.fixture
def line_of(request):
    """A function that logs a message and returns its line."""

    def write(message, *arguments, as_json=True, exc_info=None, **facts):
        record = logging.LogRecord(
            "shelf", logging.ERROR, __file__, 1, message, arguments, exc_info
        )
        record.facts = facts
        return Formatter(as_json=as_json).format(record)

    return write


def raised(error):
    """Return *error* as it is while it is handled."""
    try:
        raise error
    except type(error) as caught:
        return (type(caught), caught, caught.__traceback__)


class TestJson:
    def test_is_one_object_a_line(self, line_of):
        """A line has the event, logger, level, UTC time and the facts; ids are texts."""
        note_id = new_id()

        line = json.loads(line_of("%s failed", "a job", note_id=note_id, count=3))

        assert (line["event"], line["logger"], line["level"]) == ("a job failed", "shelf", "error")
        assert line["timestamp"].endswith("Z")
        assert (line["note_id"], line["count"]) == (str(note_id), 3)

    def test_has_the_traceback_in_the_same_object(self, line_of):
        """An error is one line, with its traceback as text and without the values of variables."""
        text = line_of("it failed", exc_info=raised(ValueError("first\nsecond")))

        line = json.loads(text)
        assert "\n" not in text
        assert line["exception"].startswith("Traceback (most recent call last):\n")
        assert line["exception"].endswith("ValueError: first\nsecond")

    @pytest.mark.parametrize(
        "text", ["a\r\nb", "a\x1b[2Jb", "a\x85b", "a\u2028b", '"}\n{"event": "x']
    )
    def test_cannot_be_forged(self, line_of, text):
        """What a client wrote ends no line and writes no control character to a terminal."""
        line = line_of("said %s", text, fact=text)

        assert json.loads(line)["event"] == f"said {text}"
        assert line.isascii()
        assert line.isprintable()

    def test_facts_replace_nothing(self, line_of):
        """A fact cannot take the place of the event, its logger, level or time."""
        line = json.loads(line_of("real", event="false", logger="false", level="false"))

        assert (line["event"], line["logger"], line["level"]) == ("real", "shelf", "error")


class TestText:
    def test_is_readable(self, line_of):
        """Outside of production a line is text with the facts behind the event."""
        line = line_of("request", as_json=False, status=200, route="/v1/notes")

        assert "request" in line
        assert "status=200" in line
        assert "route=/v1/notes" in line

    @pytest.mark.parametrize("text", ["a\r\nb", "a\x1b[2Jb", "a\x85b", "a\u2028b"])
    def test_cannot_be_forged(self, line_of, text):
        """Control characters are escaped, in messages and in facts."""
        line = line_of("said %s", text, as_json=False, fact=text)

        assert len(line.splitlines()) == 1
        assert line.isprintable()

    def test_indents_tracebacks(self, line_of):
        """The message of an error cannot look like a line of the log."""
        error = ValueError("first\n2026-01-01T00:00:00Z [info] all is well \x1b[2J")

        first, *others = line_of("it failed", as_json=False, exc_info=raised(error)).splitlines()

        assert "it failed" in first
        assert all(line.startswith("    ") and line.isprintable() for line in others)
        assert "all is well" in others[-1]


@pytest.mark.parametrize("as_json", [True, False])
class TestMask:
    def test_hides_addresses_of_mail(self, line_of, as_json):
        """E-mail addresses are hidden in messages, facts and tracebacks, and nothing else."""
        detail = "Key (email)=(ada.lovelace+shop@mail.example.com) already exists."
        line = line_of(detail, as_json=as_json, exc_info=raised(KeyError(detail)), fact=detail)

        assert "lovelace" not in line
        assert "example.com" not in line
        assert line.count("already exists") == 3

    def test_takes_linear_time(self, line_of, as_json):
        """A long text that has no address is searched in linear time."""
        text = "a" * 200_000 + "@"

        assert "aaa" in line_of(text, as_json=as_json)
