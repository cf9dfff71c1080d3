import time

import pytest

from mercato_contracts.payments import Misconfigured, Refused, Unknown
from mercato_payments_sandbox.client import Client
from mercato_payments_sandbox.wire import Refund
from mercato_testing.raw_answers import answer, answering


class TestClient:
    def test_ends_in_time_while_an_answer_trickles(self):
        """The limit is for the whole answer, also if a byte comes every 50 ms."""
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n"
        started = time.monotonic()

        with answering(head, *[b"x"] * 40, pause=0.05) as url, pytest.raises(Unknown):
            Client(url, "s", 0.3).get("/refunds/1", Refund)
        seconds = time.monotonic() - started

        assert 0.25 < seconds < 2.5

    @pytest.mark.parametrize(
        ("said", "error"),
        [
            (answer(401), Misconfigured),
            (answer(403), Misconfigured),
            (answer(429), Unknown),
            (answer(500), Unknown),
            (answer(504, b""), Unknown),
            (answer(404, b"<html>"), Unknown),
            (answer(200, b"[]"), Unknown),
            (answer(200, b"\xff"), Unknown),
            (b"SMTP ready\r\n", Unknown),
            (b"", Unknown),
            (answer(402, b'{"error": {"code": "capture_declined"}}'), Refused),
        ],
    )
    def test_raises_the_errors_of_the_contract(self, said, error):
        """Whatever a server says is one of the errors of the contract."""
        with answering(said) as url, pytest.raises(error):
            Client(url, "s", 5).post("/payments/1/void", None, "key", Refund)

    def test_says_why_it_is_refused(self):
        """The code of a refusal is that of the sandbox."""
        body = b'{"error": {"code": "not_authorized", "detail": "No."}}'

        with answering(answer(409, body)) as url, pytest.raises(Refused) as refused:
            Client(url, "s", 5).get("/refunds/1", Refund)

        assert (refused.value.code, refused.value.detail) == ("not_authorized", "No.")

    @pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://127.0.0.1:9/a\x00b"])
    def test_knows_nothing_where_there_is_no_server(self, url):
        """A sandbox that is away is an open outcome."""
        with pytest.raises(Unknown):
            Client(url, "s", 5).get("/refunds/1", Refund)
