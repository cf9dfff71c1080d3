"""The text of a deployment file is read as far as it can be read."""

import random
import tomllib

import pytest

from mercato_composition.deployment.statements import Span
from mercato_composition.deployment.text import MOST_FLAWS, read

SAMPLE = b"""\
environment = "production"
secret_key = "x"
[server]
hosts = ["shop.example", # a comment
  ".shop.example"]
port = 5000
[database]
url = "postgresql://a:b@c/d"
[features.products.settings]
text = \"\"\"
port = 5
[server]
\"\"\"
inline = {a = 1, b = [1, 2]}
"""


def kinds(text):
    """Return kind and path of each flaw."""
    return [(flaw.kind, ".".join(flaw.path)) for flaw in text.flaws]


def mutated(seed):
    """Return the sample with one to four random changes."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    content = bytearray(SAMPLE)
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(content))
        end = start + chance.choice([0, 1, chance.randint(1, 10)])
        content[start:end] = bytes(chance.choices(b"[]{}\"'=.#\n\\x\0\xff", k=chance.randint(0, 1)))
    return bytes(content)


def is_toml(content):
    """Return whether tomllib reads *content*."""
    try:
        tomllib.loads(content.decode("utf-8-sig"))
    except ValueError:
        return False
    return True


class TestRead:
    def test_gives_the_place_of_each_key_and_value(self):
        """Line and columns count from 1; the end is that of the first line, without a comment."""
        text = read(b'[a."b c"]\r\n  d.e = [1,  # one\r\n2]\r\nf = "#"  # x\r\n')

        assert text.keys == {
            ("a", "b c"): Span(1, 1, 10),
            ("a", "b c", "d", "e"): Span(2, 3, 6),
            ("a", "b c", "f"): Span(4, 1, 2),
        }
        assert text.spans[("a", "b c", "d", "e")] == Span(2, 9, 12)
        assert text.spans[("a", "b c", "f")] == Span(4, 5, 8)

    def test_no_statement_is_seen_inside_a_string(self):
        """Lines of a string that look like keys and headers are text."""
        text = read(SAMPLE)

        assert text.values == tomllib.loads(SAMPLE.decode())
        assert (text.flaws, text.keys["server", "port"].line) == ([], 6)

    @pytest.mark.parametrize(
        ("content", "flaw", "values"),
        [
            (b"a = \nb = 2\n", ("value", "a"), {"b": 2}),
            (b"x = 1\n[a\nb = 2\n[c]\nd = 1\n", ("header", "a"), {"x": 1, "c": {"d": 1}}),
            (b"[???\nb = 2\n[c]\n", ("header", "features"), {"c": {}}),
            (b"a = 1\na = 2\n", ("twice", "a"), {"a": 1}),
            (b"[a]\nb = 1\n[c]\n[a]\nd = 2\n", ("twice", "a"), {"a": {"b": 1, "d": 2}, "c": {}}),
            (b"a = 1\n[a]\nb = 2\n", ("twice", "a"), {"a": 1}),
            (b"[a]\nb = [1,\n2\n[c]\nd = 1\n", ("value", "a.b"), {"a": {}, "c": {"d": 1}}),
            (b'a = """\nb = 2\n', ("value", "a"), {"b": 2}),
            (b"a = {b = 1}\na.c = 2\n", ("value", ""), {"a": {"b": 1, "c": 2}}),
            (b"[a]\nb c = 1\nd = 2\n", ("value", "a"), {"a": {"d": 2}}),
            (b"a = " + b"[" * 3000 + b"\nb = 1", ("value", "a"), {"b": 1}),
            (b"a = " + b"1" * 5000 + b"\nb = 1", ("value", "a"), {"b": 1}),
        ],
    )
    def test_reads_on_behind_a_flaw(self, content, flaw, values):
        """A statement that cannot be read hides only the keys below a header."""
        text = read(content)

        assert (kinds(text), text.values) == ([flaw], values)

    def test_names_line_and_column(self):
        """The place of a flaw is where the parser stopped, in the whole text."""
        [flaw] = read(b"a = 1\n[server\nport = 5000\n").flaws

        assert flaw.what == "Expected ']' at the end of a table declaration"
        assert flaw.span == Span(2, 8, 9)

    @pytest.mark.parametrize(
        ("encoding", "kind"),
        [("utf-8-sig", None), ("utf-16", "UTF-16"), ("cp1252", "Windows-1252")],
    )
    def test_decodes_what_editors_write(self, encoding, kind):
        """A byte order mark is no flaw; other encodings are one, and are read on."""
        text = read('a = "für"\n'.encode(encoding))

        assert text.values == {"a": "für"}
        assert [kind in flaw.what for flaw in text.flaws] == ([True] if kind else [])

    def test_stops_after_fifty_flaws(self):
        """What is not a deployment file at all has a limited number of flaws."""
        assert len(read(b"no\n" * 200).flaws) == MOST_FLAWS

    def test_any_text_is_read_and_none_in_silence(self):
        """Of 3,000 mutated files each that is not TOML has a flaw, and no other has one."""
        contents = [mutated(seed) for seed in range(3000)]

        wrong = [content for content in contents if bool(read(content).flaws) == is_toml(content)]

        assert wrong == []
