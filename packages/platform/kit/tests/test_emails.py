import pytest
from hypothesis import given, strategies as st

from mercato_kit.emails import ascii_domain, canonical_email, parse

ADDRESSES = st.builds(
    "{}@{}".format,
    st.text(st.one_of(st.sampled_from("ab.+-_'İßﬀΣς"), st.characters()), min_size=1, max_size=20),
    st.sampled_from(["example.com", "EXAMPLE.com", "bücher.example", "ß.example", "ΣΣ.example"]),
)


class TestParse:
    def test_gives_the_three_forms(self):
        """An address is kept as written, compared in small letters, mailed to at its A-label."""
        found = parse("Zoe\u0308.Li@B\u00fccher.Example")

        assert found.written == "Zo\u00eb.Li@B\u00fccher.Example"
        assert found.canonical == "zo\u00eb.li@xn--bcher-kva.example"
        assert found.mailbox == "Zo\u00eb.Li@xn--bcher-kva.example"

    @pytest.mark.parametrize(
        "text",
        [
            "ann",
            "ann@",
            "@b.cd",
            "a b@c.de",
            '"a b"@c.de',
            "a@[192.0.2.1]",
            "a@localhost",
            "a@\u2603.de",
        ],
    )
    def test_refuses(self, text):
        """Text that is no address for mail is refused."""
        with pytest.raises(ValueError, match=r"."):
            parse(text)

    def test_refuses_long_text_at_once(self):
        """Text that can be no address is not looked at."""
        with pytest.raises(ValueError, match="too long"):
            parse("a" * 100_000 + "@example.com")

    @given(ADDRESSES)
    def test_forms_are_stable(self, text):
        """Each form is an address again with the same canonical form, of 254 characters at most."""
        try:
            found = parse(text)
        except ValueError:
            return

        for form in (found.written, found.canonical, found.mailbox):
            assert parse(form).canonical == found.canonical
            assert len(form) <= 254


class TestCanonicalEmail:
    @pytest.mark.parametrize(
        "text", ["ann@example.com", " Ann@EXAMPLE.com ", "ANN@\uff45xample.com"]
    )
    def test_is_equal_for_all_spellings(self, text):
        """Case, the width of the domain's letters and surrounding white space do not matter."""
        assert canonical_email(text) == "ann@example.com"

    @pytest.mark.parametrize(
        "text", ["ann+shop@example.com", "a.nn@example.com", "\uff41nn@example.com"]
    )
    def test_keeps_what_a_mail_server_may_tell_apart(self, text):
        """Dots, tags and letters of full width are part of the address."""
        assert canonical_email(text) == text

    @pytest.mark.parametrize("text", ["", "Ann", "ANN@", "a\ud800@example.com", "A@[192.0.2.1]"])
    def test_leaves_other_text_as_it_is(self, text):
        """What is no address can be looked for, and is found nowhere."""
        assert canonical_email(text) == text


class TestAsciiDomain:
    @pytest.mark.parametrize(
        ("domain", "expected"),
        [("localhost", "localhost"), ("Faß.de", "xn--fa-hia.de"), ("192.0.2.1", "192.0.2.1")],
    )
    def test_has_a_labels(self, domain, expected):
        """A name is in ASCII; an address or a name that is already stays."""
        assert ascii_domain(domain) == expected

    def test_refuses_what_idna_refuses(self):
        """A name with a sign that is no letter raises ValueError."""
        with pytest.raises(ValueError, match="2603"):
            ascii_domain("\u2603.example")
