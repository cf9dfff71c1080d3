import socket
import time
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

from mercato_testing.raw_answers import answer, answering


class TestAnswering:
    def test_sends_an_answer_in_parts(self):
        """The client gets each part after its pause, and the request is kept."""
        whole, asked = answer(200, b"ab"), []
        started = time.monotonic()

        with (
            answering(whole[:-1], whole[-1:], pause=0.05, asked=asked) as url,
            closing(HTTPConnection(urlsplit(url).netloc)) as client,
        ):
            client.request("GET", "/path")
            body = client.getresponse().read()
        seconds = time.monotonic() - started

        assert (body, asked[0].splitlines()[0]) == (b"ab", "GET /path HTTP/1.1")
        assert seconds >= 0.05

    def test_bears_a_client_that_hangs_up(self):
        """A client that asks and reads no answer does not make the test fail."""
        with answering(*[b"x" * 100_000] * 9, pause=0.01) as url:
            parts = urlsplit(url)
            with socket.create_connection((parts.hostname, parts.port)) as client:
                client.sendall(b"GET / HTTP/1.1\r\n\r\n")
