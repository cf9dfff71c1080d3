import pytest


def page_of(api, path):
    """Return the path of the page of a payment."""
    return path.replace("/payments/", "/3ds/")


class TestPage:
    @pytest.mark.parametrize(
        ("answer", "state", "code"),
        [("approve", "captured", None), ("decline", "failed", "authentication_failed")],
    )
    def test_asks_the_customer_and_sends_it_back(self, api, answer, state, code):
        """The payment goes on as the customer says, and the browser goes back to the shop."""
        path, asked = api.pay("3220", return_url="http://127.0.0.1/thanks?order=1")
        page = page_of(api, path)

        shown = api.http.get(page)
        sent = api.http.post(page, data={"answer": answer})

        assert asked.json()["next_action"]["url"].endswith(page)
        assert "Approve" in shown.text
        assert (sent.status_code, sent.headers["location"]) == (
            303,
            "http://127.0.0.1/thanks?order=1",
        )
        payment = api.get(path)
        assert (payment["state"], payment["error_code"]) == (state, code)

    def test_says_when_it_is_too_late(self, api):
        """A payment that was closed meanwhile stays closed."""
        path, _ = api.pay("3220")
        api.post(f"{path}/void")

        sent = api.http.post(page_of(api, path), data={"answer": "approve"})

        assert "canceled" in sent.text
        assert api.movements() == []

    def test_sends_browsers_to_pages_only(self, api):
        """A return address that is no http URL is not followed."""
        path, _ = api.pay("3220", return_url="javascript:alert(1)")

        sent = api.http.post(page_of(api, path), data={"answer": "approve"})

        assert (sent.status_code, "location" in sent.headers) == (200, False)
