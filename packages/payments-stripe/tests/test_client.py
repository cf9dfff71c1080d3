import time

import pytest

from mercato_contracts.payments import Misconfigured, Refused, Unknown
from mercato_payments_stripe.client import Client, read
from mercato_payments_stripe.wire import API_VERSION, Refund
from mercato_testing.raw_answers import answer, answering


def error(status, code, kind=b"invalid_request_error", message=b"No."):
    """Return an answer with an error of Stripe."""
    text = b'{"error": {"type": "%s", "code": "%s", "message": "%s"}}'
    return answer(status, text % (kind, code, message))


def get_refund(api):
    """Return a refund."""
    return read(api.v1.refunds.retrieve("re_1"), Refund)


class TestClient:
    def test_ends_in_time_while_an_answer_trickles(self):
        """The limit is for the whole answer, also if a byte comes every 50 ms."""
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n"

        with answering(head, *[b"x"] * 40, pause=0.05) as url:
            started = time.monotonic()
            with pytest.raises(Unknown, match=r"within 0\.3 s"):
                Client("sk_test_1", url, 0.3).call(get_refund)
            seconds = time.monotonic() - started

        assert 0.25 < seconds < 1.5

    @pytest.mark.parametrize(
        ("said", "meaning"),
        [
            (error(401, b"api_key_expired"), Misconfigured),
            (error(403, b"insufficient_permissions"), Misconfigured),
            (
                error(404, b"resource_missing", message=b"a similar object exists in test mode"),
                Misconfigured,
            ),
            (error(400, b"amount_too_small"), Refused),
            (error(402, b"card_declined", b"card_error"), Refused),
            (error(404, b"resource_missing"), Refused),
            (answer(400, b'{"error": {"type": "card_error"}}'), Refused),
            (answer(400, b'{"error": {}}'), Unknown),
            (answer(402, b'{"error": {"type": {}, "code": {}, "message": 7}}'), Unknown),
            (error(400, b"", b"idempotency_error"), Unknown),
            (error(400, b"rate_limit"), Unknown),
            (error(409, b"idempotency_key_in_use"), Unknown),
            (error(429, b"lock_timeout"), Unknown),
            (error(500, b"", b"api_error"), Unknown),
            (answer(504, b""), Unknown),
            (answer(404, b"<html>"), Unknown),
            (answer(400, b'{"error": "text"}'), Unknown),
            (answer(400, b'{"error": []}'), Unknown),
            (answer(200, b"[]"), Unknown),
            (answer(200, b"{}"), Unknown),
            (answer(200, b"null"), Unknown),
            (answer(200, b"\xff"), Unknown),
            (b"SMTP ready\r\n", Unknown),
            (b"", Unknown),
        ],
    )
    def test_raises_the_errors_of_the_contract(self, said, meaning):
        """Each answer of a server becomes one of the errors of the contract."""
        with answering(said) as url, pytest.raises(meaning):
            Client("sk_test_1", url, 5).call(get_refund)

    @pytest.mark.parametrize("is_replayed", [False, True])
    def test_says_when_a_key_is_spent(self, is_replayed):
        """Stripe repeats a stored error for a day, and says so: only another key has an effect."""
        said = error(500, b"", b"api_error")
        if is_replayed:
            said = said.replace(b"\r\n", b"\r\nIdempotent-Replayed: true\r\n", 1)

        with answering(said) as url, pytest.raises(Unknown) as unknown:
            Client("sk_test_1", url, 5).call(get_refund)

        assert unknown.value.key_is_spent is is_replayed

    def test_says_why_it_is_refused(self):
        """The code is that of the bank if there is one, and the detail is Stripe's message."""
        body = (
            b'{"error": {"type": "card_error", "code": "card_declined",'
            b' "decline_code": "lost_card", "message": "Declined."}}'
        )

        with answering(answer(402, body)) as url, pytest.raises(Refused) as refused:
            Client("sk_test_1", url, 5).call(get_refund)

        assert (refused.value.code, refused.value.detail) == ("lost_card", "Declined.")

    @pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://127.0.0.1:9/a\x00b"])
    def test_knows_nothing_where_there_is_no_server(self, url):
        """A Stripe that is away is an open outcome."""
        with pytest.raises(Unknown):
            Client("sk_test_1", url, 5).call(get_refund)

    def test_names_its_version_and_nothing_of_the_machine(self):
        """The version is that of this feature, not of the library; there is no telemetry."""
        asked = []

        with answering(error(404, b"resource_missing"), asked=asked) as url, pytest.raises(Refused):
            Client("sk_test_1", url, 5).call(get_refund)

        assert f"Stripe-Version: {API_VERSION}" in asked[0]
        assert "telemetry" not in asked[0]
        assert '"platform"' not in asked[0]

    def test_sends_nothing_twice(self):
        """A call that may have failed is not tried again: the caller decides that."""
        asked = []

        with answering(error(500, b"", b"api_error"), asked=asked) as url, pytest.raises(Unknown):
            Client("sk_test_1", url, 5).call(get_refund)

        assert len(asked) == 1
