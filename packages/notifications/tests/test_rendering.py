import pytest
from jinja2 import TemplateError
from jinja2.exceptions import SecurityError

from mercato_notifications.formats import links
from mercato_notifications.locales import fallbacks
from mercato_notifications.rendering import render

from .posting import VALUES

PLACED = "notifications.order_placed"


@pytest.fixture(scope="session")
def templates(tmp_path_factory):
    """An operator's folder of templates."""
    return tmp_path_factory.mktemp("templates")


@pytest.fixture
def settings(templates):
    """A German shop with templates of its own."""
    for file in sorted(templates.rglob("*.*")):
        file.unlink()
    base = "http://[::1]:8443/shop/"
    return {"templates": str(templates), "locale": "de", "link_base_url": base}


@pytest.fixture
def write(templates):
    """A function that writes a template of the operator."""

    def put(name, text):
        file = templates / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)

    return put


@pytest.fixture
def written(app):
    """A function that renders a mail in a language."""

    def make(locale="en", template=PLACED, **values):
        with app.app_context():
            return render(template, locale, {**VALUES, **values})

    return make


class TestFallbacks:
    @pytest.mark.parametrize(
        ("locale", "expected"),
        [
            ("de-AT", ["de-AT", "de", "fr-CA", "fr", "en"]),
            ("DE_at", ["fr-CA", "fr", "en"]),
            ("zh-hant-tw", ["zh-Hant-TW", "zh-Hant", "zh", "fr-CA", "fr", "en"]),
            (None, ["fr-CA", "fr", "en"]),
            ("en", ["en", "fr-CA", "fr"]),
        ],
    )
    def test_goes_from_narrow_to_wide(self, locale, expected):
        """The recipient's language comes first, then the shop's, then English."""
        assert fallbacks(locale, "fr-CA") == expected


class TestLinks:
    def test_have_address_and_port_of_the_shop(self):
        """Path and port of the shop stay, and values of the query are quoted."""
        link = links("http://[::1]:8443/shop/")

        assert link("verify-email", token="a b&c") == (
            "http://[::1]:8443/shop/verify-email?token=a+b%26c"
        )
        assert link("orders/1") == "http://[::1]:8443/shop/orders/1"


class TestRender:
    def test_in_the_recipients_language(self, written):
        """Words are those of the template, amounts and dates those of the country."""
        mail = written("de-AT", amount_total=123_450, happened_at="2026-11-27T09:00:00+00:00")

        assert (mail.locale, mail.subject) == ("de", "Ihre Bestellung 1001")
        assert "27. November 2026" in mail.text
        assert "€ 1.234,50" in mail.text.replace("\xa0", " ")
        assert '<html lang="de">' in mail.html

    @pytest.mark.parametrize(("locale", "chosen"), [("fr", "de"), (None, "de"), ("en-GB", "en")])
    def test_falls_back_to_the_shops_language(self, written, locale, chosen):
        """Where a language has no templates, it is the shop's; English has all."""
        assert written(locale).locale == chosen

    def test_all_parts_are_of_one_language(self, written, write):
        """A language that lacks a part is passed over, with the parts that it has."""
        write("fr/notifications.order_placed.subject.txt", "Votre commande")
        write("fr/notifications.order_placed.txt", "Merci")

        incomplete = written("fr")
        write("fr/notifications.order_placed.html", "<p>Merci</p>")

        assert incomplete.subject == "Ihre Bestellung 1001"
        assert (written("fr").subject, written("fr").html) == ("Votre commande", "<p>Merci</p>")

    def test_the_operators_files_come_first(self, written, write):
        """One file may be replaced, and the layout of all; a change is seen at once."""
        write("en/notifications.order_placed.subject.txt", "We have\n got {{ number }}")
        write("layout.html", "<b>{% block content %}{% endblock %}</b>")
        first = written()
        write("layout.html", "<i>{% block content %}{% endblock %}</i>")

        assert first.subject == "We have got 1001"
        assert (first.html[:3], written().html[:3]) == ("<b>", "<i>")
        assert "This is what you ordered." in first.html

    def test_escapes_html_in_html_alone(self, written):
        """A name with markup is shown as it is written."""
        lines = [{"name": "<script>1</script> & “x”", "quantity": 1, "amount": 5}]

        mail = written(lines=lines)

        assert "&lt;script&gt;1&lt;/script&gt; &amp; “x”" in mail.html
        assert "<script>" not in mail.html
        assert "<script>1</script> & “x”" in mail.text

    @pytest.mark.parametrize("part", ["subject.txt", "txt", "html"])
    def test_refuses_names_that_are_not_given(self, written, write, part):
        """A misspelt name is an error and no gap."""
        write(f"en/{PLACED}.{part}", "Hello {{ nmae }}")

        with pytest.raises(TemplateError, match="nmae"):
            written()

    @pytest.mark.parametrize(
        "attack",
        [
            "{{ link.__globals__ }}",
            "{{ ''.__class__.__mro__ }}",
            "{{ lines.append(1) }}",
            "{% include '../secret.txt' %}",
        ],
    )
    def test_runs_in_a_sandbox(self, written, write, templates, attack):
        """A template reaches neither Python nor other files, and changes no value."""
        (templates.parent / "secret.txt").write_text("hush")
        write(f"en/{PLACED}.txt", attack)

        with pytest.raises((SecurityError, TemplateError)):
            written()

    def test_links_to_the_order(self, written):
        """Text and HTML have the link to the order, with address and port of the shop."""
        address = f"http://[::1]:8443/shop/orders/{VALUES['order_id']}"

        mail = written()

        assert address in mail.text
        assert f'href="{address}"' in mail.html
