"""Every page in a browser: accessible, without errors, in two schemes and two widths."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

SCREENSHOTS = Path(__file__).parents[3] / "var/screenshots"

AXE = Axe()
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}

PAGES = [
    ("shop", "/"),
    ("shop", "/problems"),
    ("shop", "/problems/insufficient_stock"),
    ("shop", "/composition"),
    ("shop", "/composition/orders"),
    ("degraded", "/"),
    ("degraded", "/composition"),
    ("not-ready", "/"),
    ("not-ready", "/composition"),
    ("away", "/composition"),
    ("none", "/"),
    ("none", "/composition"),
    ("many", "/"),
    ("many", "/composition"),
    ("many", "/composition/part7"),
    ("closed", "/composition"),
    ("bank", ""),
]
LOOKS = [(scheme, width) for scheme in ("light", "dark") for width in (390, 1400)]


@pytest.fixture
def look(chromium, request):
    """A function that opens a page in a scheme and a width; it also gives what went wrong."""

    def look(scheme="light", width=1400):
        context = chromium.new_context(
            color_scheme=scheme, viewport={"width": width, "height": 900}
        )
        request.addfinalizer(context.close)
        page = context.new_page()
        wrong = []
        page.on("console", lambda it: wrong.append(it.text) if it.type == "error" else None)
        page.on("pageerror", lambda it: wrong.append(str(it)))
        page.on("requestfailed", lambda it: wrong.append(it.url))
        return page, wrong

    return look


@pytest.mark.parametrize(("kind", "path"), PAGES)
class TestPages:
    @pytest.mark.parametrize(("scheme", "width"), LOOKS)
    def test_are_accessible_and_fit(self, look, addresses, kind, path, scheme, width):
        """axe-core finds nothing, nothing is blocked, and the page does not scroll sideways."""
        page, wrong = look(scheme, width)

        answer = page.goto(addresses[kind] + path)
        found = AXE.run(page, options=RULES)

        name = f"{kind}{path.replace('/', '-').rstrip('-')}-{scheme}-{width}.png"
        page.screenshot(path=SCREENSHOTS / name, full_page=True)
        expected = 401 if kind == "closed" else 200
        assert answer.status == expected
        assert found.violations_count == 0, found.generate_report()
        assert [it for it in wrong if "401" not in it] == []
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) == 0


class TestKeyboard:
    def test_skips_to_the_content(self, look, shop):
        """The first Tab shows the skip link, and Enter goes to the content."""
        page, _ = look()
        page.goto(f"{shop}/composition")

        page.keyboard.press("Tab")
        shown = page.evaluate("document.activeElement.getBoundingClientRect().left")
        page.keyboard.press("Enter")

        assert shown == 0
        assert page.evaluate("document.activeElement.id") == "main"

    def test_reaches_and_scrolls_every_table(self, look, shop):
        """On a phone each table is in a region with a name that the keyboard can scroll."""
        page, _ = look(width=390)
        page.goto(f"{shop}/composition")

        tables = page.locator("table:visible")
        regions = page.locator("[role=region][tabindex='0']").filter(has=tables)

        assert regions.count() == tables.count() > 4
        first = regions.first
        first.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("element => element.scrollLeft > 0", arg=first.element_handle())

    def test_opens_the_defaults(self, look, shop):
        """The defaults of settings are folded, and the keyboard unfolds them."""
        page, _ = look()
        page.goto(f"{shop}/composition")

        page.locator("summary").focus()
        page.keyboard.press("Enter")

        assert page.get_by_text("Default settings").is_visible()


class TestPayment:
    def test_is_approved_by_its_customer(self, look, shop, bank, ask_customer):
        """The button of the bank's page pays, and the browser goes back to the shop."""
        page, wrong = look()
        page.goto(ask_customer())

        page.get_by_role("button", name="Approve").click()
        page.wait_for_url(f"{shop}/")

        with bank.ledger.work() as ledger:
            states = ledger.db.execute("SELECT state FROM charge ORDER BY rowid").fetchall()
        assert states[-1]["state"] == "captured"
        assert wrong == []
