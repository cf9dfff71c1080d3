"""The page of the API document in a browser: operations can be tried as they are shown."""

import json

import pytest


@pytest.fixture
def page(chromium):
    """A page of a new browser session."""
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    yield context.new_page()
    context.close()


class TestDocs:
    @pytest.mark.parametrize("path", ["/docs", "/docs/"])
    def test_opens_without_an_error(self, page, shop, path):
        """The page shows the operations, and its policy blocks nothing of it."""
        wrong = []
        page.on("console", lambda it: wrong.append(it.text) if it.type == "error" else None)

        page.goto(shop + path)
        page.get_by_text("/v1/orders/quote").wait_for()

        assert wrong == []

    def test_an_order_is_placed_as_shown(self, page, shop):
        """The operation is tried with the request that the page shows, and answers 201."""
        page.goto(f"{shop}/docs#/orders/orders_place_order")
        operation = page.locator("#operations-orders-orders_place_order")
        operation.get_by_role("button", name="Try it out").click()
        with page.expect_response(lambda it: it.request.method == "POST") as answered:
            operation.get_by_role("button", name="Execute").click()

        answer = answered.value

        assert answer.status == 201, answer.text()
        assert json.loads(answer.text())["status"] == "open"
        operation.locator(".live-responses-table").get_by_text("201").first.wait_for()
