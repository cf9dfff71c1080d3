import json
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mercato_payments_sandbox.signatures import is_signed

from .api import Api
from .conftest import SECRET, running

WITHIN_SECONDS = 20


class Shop(ThreadingHTTPServer):
    """Hears webhooks: keeps them, and answers with the next status, by default 200."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Hears)
        self.heard = []
        self.statuses = []

    @property
    def url(self):
        """Where it hears."""
        return f"http://127.0.0.1:{self.server_address[1]}/hooks"

    def types(self):
        """Return the types of the events, in the order of their arrival."""
        return [event["type"] for _, event in self.heard]

    def wait_for(self, count):
        """Wait until it heard a number of webhooks."""
        wait_until(lambda: len(self.heard) >= count)


def wait_until(condition):
    """Wait until a condition holds."""
    give_up_at = time.monotonic() + WITHIN_SECONDS
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


class Hears(BaseHTTPRequestHandler):
    """Hears one webhook."""

    def do_POST(self):
        """Keep it."""
        body = self.rfile.read(int(self.headers["content-length"]))
        signed = is_signed([SECRET], dict(self.headers), datetime.now(UTC), body)
        self.server.heard.append((signed, json.loads(body)))
        statuses = self.server.statuses
        self.send_response(statuses.pop(0) if statuses else 200 if signed else 400)
        self.end_headers()

    def log_message(self, *args):
        """Log nothing."""


@pytest.fixture(scope="module")
def shops():
    """The shop of this module."""
    with Shop() as made:
        threading.Thread(target=made.serve_forever, args=[0.01], daemon=True).start()
        yield made
        made.shutdown()


@pytest.fixture(scope="module")
def server(tmp_path_factory, shops):
    """A sandbox that posts to the shop."""
    database = tmp_path_factory.mktemp("deliveries") / "sandbox.db"
    with running(database, webhook=shops.url) as sandbox:
        yield sandbox


@pytest.fixture
def shop(sandbox, shops):
    """The shop, which heard nothing yet."""
    shops.heard.clear()
    shops.statuses.clear()
    return shops


class TestDeliveries:
    def test_tell_what_happened(self, api, shop):
        """Each change is an event, signed, with the payment as it was then."""
        path, _ = api.pay("4242", capture="later")
        shop.wait_for(1)
        api.post(f"{path}/void")
        shop.wait_for(2)

        assert [signed for signed, _ in shop.heard] == [True, True]
        assert shop.types() == ["payment.authorized", "payment.canceled"]
        assert [event["payment"]["state"] for _, event in shop.heard] == ["authorized", "canceled"]

    def test_are_repeated_until_they_are_taken(self, api, shop):
        """An event that the shop does not take comes again, with its id."""
        shop.statuses += [500]

        api.pay("4242")
        shop.wait_for(2)

        assert len({event["id"] for _, event in shop.heard}) == 1

    def test_can_be_signed_wrongly(self, api, shop):
        """The first event of card 0218 has a wrong signature, and the next one a good one."""
        api.pay("0218")
        shop.wait_for(2)

        assert [signed for signed, _ in shop.heard] == [False, True]

    def test_come_three_times(self, api, shop):
        """Events of card 0192 come thrice, each late."""
        path, _ = api.pay("0192")
        api.post(f"{path}/refunds", {"amount": 90})

        api.admin("clock", {"advance_seconds": 4})
        shop.wait_for(2)
        api.admin("clock", {"advance_seconds": 4})
        shop.wait_for(4)
        api.admin("clock", {"advance_seconds": 4})
        shop.wait_for(6)

        assert Counter(shop.types()) == {"payment.captured": 3, "refund.updated": 3}

    def test_come_before_the_answer(self, api, shop):
        """The shop hears of card 0200 before it has the answer."""
        api.pay("0200")

        assert shop.types() == ["payment.captured"]

    def test_can_be_dropped(self, api, shop):
        """A dropped event is not sent by itself; a test can send it, also again and shuffled."""
        api.faults(drop=1)
        path, _ = api.pay("4242")
        api.faults()
        api.post(f"{path}/refunds", {"amount": 90})
        wait_until(lambda: [one["copies"] for one in api.get("/admin/ledger")["events"]] == [1, 0])

        late = api.admin("deliver")["sent"]
        again = api.admin("deliver", {"again": True, "shuffle": 1})["sent"]

        assert [(one["type"], one["status"]) for one in late] == [("payment.captured", 200)]
        assert sorted(one["type"] for one in again) == ["payment.captured", "refund.updated"]
        assert len(shop.heard) == 4

    def test_can_be_doubled_and_late(self, api, shop):
        """Chance can send an event twice, and up to 3 s late."""
        api.faults(duplicate=1, disorder=1)
        api.pay("4242")
        for count in (1, 2):
            api.admin("clock", {"advance_seconds": 4})
            shop.wait_for(count)

        assert shop.types() == ["payment.captured"] * 2


class TestWithoutAShop:
    def test_events_are_kept(self, tmp_path):
        """A sandbox whose shop is away keeps the events, and sends them later."""
        with running(tmp_path / "s.db", webhook="http://127.0.0.1:9/hooks") as sandbox:
            api = Api(sandbox.url, SECRET)
            api.pay("4242")

            [sent] = api.admin("deliver")["sent"]

            assert sent["status"] == 0
            assert api.get("/admin/ledger")["events"][0]["copies"] == 1
            api.http.close()
