"""Every mail in a browser: accessible, in two schemes and on narrow and wide screens."""

from collections import Counter
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from mercato_contracts.messages import Messages
from mercato_kit import work
from mercato_kit.services import get
from mercato_runtime.worker import run_once

SCREENSHOTS = Path(__file__).parents[3] / "var/screenshots"

AXE = Axe()
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],
}
LOOKS = [(scheme, width) for scheme in ("light", "dark") for width in (390, 700)]

FEATURES = {"users": {}, "products": {}, "orders": {}, "mfa": {}}

LINES = [
    {"name": "Desk lamp “Sun”, brass, with a shade of linen", "quantity": 2, "amount": 123_400},
    {"name": "Donaudampfschifffahrtsgesellschaftskapitänsmütze", "quantity": 1, "amount": 2_300},
]

VALUES = {
    "amount": 2_300,
    "amount_discount": 500,
    "amount_shipping": 490,
    "amount_subtotal": 125_700,
    "amount_tax": 20_070,
    "amount_total": 125_690,
    "currency": "EUR",
    "days": 7,
    "happened_at": "2026-11-27T09:00:00+00:00",
    "hours": 24,
    "kind": "export",
    "lines": LINES,
    "minutes": 60,
    "number": 1001,
    "order_id": "01981f2e-7a61-7000-8000-000000000001",
    "parcel": 1,
    "tax_included": True,
    "token": "Zt6-kQw8VbNm2XcLp0AsDf4GhJr9TyUi1Eo5Zt6-kQw8VbNm2XcL",
}
"""Values of all templates. One that needs another value fails."""


@pytest.fixture(scope="module")
def mails(make_app, tmp_path_factory):
    """The HTML of a mail of each template of each feature, in two languages, by its name."""
    settings = {
        "mail": "folder",
        "mail_folder": str(tmp_path_factory.mktemp("mails")),
        "mailbox": True,
        "shop_name": "Lamps & Mugs",
    }
    app = make_app(features={**FEATURES, "notifications": {"settings": settings}})
    names = sorted(_templates(app))
    with app.app_context():
        for name in names:
            locale, template = name.split("/")
            work.run(lambda t=template, of=locale, key=name: _post(key, t, of))
    run_once(app)
    client = app.test_client()
    ids = [part.split('"')[0] for part in client.get("/mailbox").text.split('href="/mailbox/')[1:]]
    # They are listed newest first.
    pages = [client.get(f"/mailbox/{one}/html").text for one in reversed(ids)]
    return dict(zip(names, pages, strict=True))


def _templates(app):
    """Give the templates of all features: ``de/users.verify_email``."""
    for feature in app.extensions["mercato"].features:
        for file in feature.mails.rglob("*.subject.txt") if feature.mails else ():
            yield f"{file.parent.name}/{feature.name}.{file.name.removesuffix('.subject.txt')}"


def _post(key, template, locale):
    post = get(Messages).post
    post(key=key, template=template, to="ada@example.com", locale=locale, context=VALUES)


class TestMails:
    def test_are_there_in_two_languages(self, mails):
        """Each template is written in English and in German."""
        by_language = Counter(name.partition("/")[0] for name in mails)

        assert by_language["en"] == by_language["de"] > 15
        assert all(f'<html lang="{name[:2]}">' in html for name, html in mails.items())

    @pytest.mark.parametrize(("scheme", "width"), LOOKS)
    def test_are_accessible_and_fit(self, chromium, mails, scheme, width):
        """axe-core finds nothing in any mail, and none scrolls sideways."""
        context = chromium.new_context(
            color_scheme=scheme, viewport={"width": width, "height": 700}
        )
        page = context.new_page()
        for name, html in mails.items():
            page.set_content(html)
            found = AXE.run(page, options=RULES)
            picture = f"mail-{name.replace('/', '-')}-{scheme}-{width}.png"
            page.screenshot(path=SCREENSHOTS / picture, full_page=True)
            assert found.violations_count == 0, f"{name}: {found.generate_report()}"
            wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert page.evaluate(wide) == 0, name
        context.close()
