import pytest


class TestReadKey:
    @pytest.mark.parametrize(
        "key",
        [
            None,
            "",
            "short",
            "a" * 15,
            '"' + "a" * 15 + '"',
            "a" * 256,
            "a" * 20 + "\x7f",
            "ä" * 20,
            "\t" * 20,
            '"' + "a" * 16,
            "a" * 16 + '"',
            '"' + "a" * 16 + '";v=1',
            '"' + "a" * 16 + '\\"',
            '"' + "a" * 16 + '\\n"',
            '"' + "a" * 16 + '", "' + "b" * 16 + '"',
            "a" * 16 + "," + "b" * 16,
            "a key of several words",
            "a" * 16 + ";v=1",
        ],
        ids=repr,
    )
    def test_refuses(self, post, key):
        """Anything but one key of 16 to 255 characters, quoted or bare, answers 400."""
        refused = post(key=key)

        assert (refused.status_code, refused.json["code"]) == (400, "idempotency_key_required")

    @pytest.mark.parametrize(
        "key",
        [
            "a" * 16,
            "a" * 255,
            "order:2026/11~1.a_b|c",
            '"a key, with; signs="',
            ' "a key of some words"\t',
        ],
    )
    def test_accepts(self, post, key):
        """A bare token, or visible ASCII in quotes, is accepted."""
        assert post(key=key).status_code == 201

    @pytest.mark.parametrize(
        ("quoted", "key"),
        [
            ('"0123456789abcdef"', "0123456789abcdef"),
            (r'"0123456789\"abc\\def"', r'0123456789"abc\def'),
            (r'"0123456789abcd\\\""', '0123456789abcd\\"'),
        ],
    )
    def test_reads_a_string_of_structured_fields(self, post, keys, quoted, key):
        """The quotes and escapes of an sf-string are not part of the key."""
        post(key=quoted)

        assert [row.key for row in keys()] == [key]
        assert post(key=quoted).headers["Idempotency-Replayed"] == "true"

    def test_quoted_and_bare_are_the_same_key(self, post):
        """A key is the same with and without quotes."""
        post(key='"0123456789abcdef"')

        assert post(key="0123456789abcdef").headers["Idempotency-Replayed"] == "true"
