"""The rules of Stripe that the other tests rely on. In test mode they are Stripe's own."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx2
import msgspec
import pytest

from .conftest import running
from .stripe_api import StripeApi

READY_WITHIN_SECONDS = 60


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        """Log nothing."""


class TestKeys:
    def test_get_the_first_answer_again(self, stripe):
        """A key has one effect, and says that its answer is repeated."""
        reference = stripe.intent()

        first, again = (stripe.confirm(reference, key="k") for _ in range(2))

        assert first.json() == again.json()
        replayed = [one.headers.get("Idempotent-Replayed") for one in (first, again)]
        assert replayed == [None, "true"]
        assert stripe.movements() == [("capture", 1990)]

    @pytest.mark.parametrize(
        ("behaviour", "status"), [("generic_decline", 402), ("500, not charged", 500)]
    )
    def test_keep_errors_of_what_was_executed(self, stripe, behaviour, status):
        """A decline and an error of the server are repeated, too."""
        reference = stripe.intent()

        answers = [stripe.confirm(reference, behaviour, key="k") for _ in range(2)]

        assert [one.status_code for one in answers] == [status, status]
        assert answers[1].headers["Idempotent-Replayed"] == "true"

    def test_keep_nothing_of_wrong_parameters(self, stripe):
        """A request that was not executed can be corrected under its key."""
        wrong = stripe.post("payment_intents", key="k", amount="much", currency="eur")
        right = stripe.post("payment_intents", key="k", amount=100, currency="eur")

        assert [wrong.status_code, right.status_code] == [400, 200]

    def test_have_one_request(self, stripe):
        """Other parameters under the same key are refused."""
        stripe.post("payment_intents", key="k", amount=100, currency="eur")

        refused = stripe.post("payment_intents", key="k", amount=200, currency="eur")

        assert refused.status_code == 400
        assert refused.json()["error"]["type"] == "idempotency_error"

    def test_are_forgotten_after_a_day(self, stripe):
        """After 24 hours a key is new."""
        first = stripe.post("payment_intents", key="k", amount=100, currency="eur").json()

        stripe.admin("clock", advance_seconds=86_500)
        second = stripe.post("payment_intents", key="k", amount=100, currency="eur").json()

        assert first["id"] != second["id"]

    def test_are_executed_one_at_a_time(self, stripe, server):
        """A request whose key is being executed is refused with 409."""
        reference = stripe.intent()

        with server.keys.running("k"):
            refused = stripe.confirm(reference, key="k")

        assert refused.status_code == 409
        assert refused.json()["error"]["code"] == "idempotency_key_in_use"


class TestEvents:
    def test_are_signed_and_sent_until_they_are_taken(self, tmp_path, app_of_a_shop):
        """An event is posted again after an error, with the same id."""
        url, taken = app_of_a_shop
        with running(tmp_path / "stripe.db", webhook=url) as made:
            stripe = StripeApi(made.url)
            with stripe.http:
                stripe.intent()
                give_up_at = time.monotonic() + 10
                while len(taken) < 2:
                    assert time.monotonic() < give_up_at
                    time.sleep(0.02)

        assert [status for _, status in taken] == [500, 200]
        assert len({event_id for event_id, _ in taken}) == 1


@pytest.fixture
def app_of_a_shop():
    """A webhook that fails the first time: its URL, and ids with the status of the answer."""
    taken = []

    def app(environ, start_response):
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        status = 200 if taken else 500
        assert environ["HTTP_STRIPE_SIGNATURE"].startswith("t=")
        taken.append((msgspec.json.decode(body)["id"], status))
        start_response(f"{status} Said", [("Content-Length", "0")])
        return [b""]

    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", taken
        server.shutdown()
        thread.join()


class TestProcess:
    def test_survives_being_killed(self, tmp_path):
        """A payment and the answer to its key outlive kill -9."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        stripe = StripeApi(f"http://127.0.0.1:{port}")

        first = start(port, tmp_path)
        reference = stripe.intent()
        charged = stripe.confirm(reference, key="k").json()
        first.send_signal(signal.SIGKILL)
        first.communicate()
        second = start(port, tmp_path)
        again = stripe.confirm(reference, key="k").json()
        moved = stripe.movements()
        second.kill()
        second.communicate()
        stripe.http.close()

        assert charged == again
        assert moved == [("capture", 1990)]


def start(port, folder):
    """Start a local Stripe, and wait until it answers."""
    command = [sys.executable, "-m", "local_stripe", f"{port}", f"{folder}/stripe.db"]
    environ = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    process = subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL)
    give_up_at = time.monotonic() + READY_WITHIN_SECONDS
    while True:
        try:
            httpx2.get(f"http://127.0.0.1:{port}/readyz", trust_env=False)
        except httpx2.TransportError:
            assert time.monotonic() < give_up_at
            assert process.poll() is None
            time.sleep(0.05)
        else:
            return process
