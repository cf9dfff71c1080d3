"""The shop pays at the sandbox: what becomes of an order with each test card."""

import threading
from collections import Counter
from contextlib import contextmanager
from uuid import uuid4

import httpx2
import pytest
import sqlalchemy as sa
from werkzeug.serving import make_server

from mercato_kit import work
from mercato_payments_sandbox.cards import CARDS
from mercato_runtime.worker import run_once

from .bank import SECRET, running_bank
from .invariants import find_violations, find_violations_of_ledger
from .pairs import make_due
from .shop import free_port
from .shopping import key, new_order, stock_variant

STAFF = ["products.write", "stock.write", "stock.read", "orders.read", "orders.refund"]

ANSWERS = {
    "pays": (201, "captured", "paid"),
    "declined": (402, "payment_declined", "unpaid"),
    "no funds": (402, "payment_declined", "unpaid"),
    "3-D Secure": (201, "requires_action", "paid"),
    "slow": (201, None, "paid"),
    "time-out, not charged": (201, "processing", "unpaid"),
    "time-out, charged": (201, None, "paid"),
    "500 at first, not charged": (201, "processing", "unpaid"),
    "500, charged": (201, None, "paid"),
    "processing, then paid": (201, "processing", "paid"),
    "processing, then failed": (201, "processing", "unpaid"),
    "refund pending, then paid": (201, "captured", "paid"),
    "refund paid, then failed": (201, "captured", "paid"),
    "events thrice, shuffled, late": (201, "captured", "paid"),
    "event before the answer": (201, "captured", "paid"),
    "bad signature once": (201, "captured", "paid"),
    "authorisation gone after 10 s": (201, "captured", "paid"),
    "capture declined": (201, "captured", "paid"),
    "disputed": (201, "captured", "paid"),
}
"""By what a card does: the answer to the payment, and what the order is in the end.

With None, the answer is ``processing`` or ``captured``: the event may come before the time-out.
"""

TURNS = 12


class Market:
    """A shop with its sandbox: orders are paid with cards, and time passes."""

    def __init__(self, app, bank, issuer):
        self.app, self.bank, self.client = app, bank, app.test_client()
        token = issuer.token(str(uuid4()), permissions=STAFF)
        self.staff = {"Authorization": f"Bearer {token}"}
        self.variant_id = stock_variant(self.client, self.staff, units=len(CARDS))

    def pay(self, card):
        """Order a unit and pay it; return the order and the answer."""
        order = self.client.post("/v1/orders", json=new_order(self.variant_id), headers=key()).json
        answer = self.client.post(
            f"/v1/orders/{order['id']}/payments",
            json={"provider": "sandbox", "payment_method": card, "return_url": "http://a.example"},
            headers={"Order-Access-Token": order["access_token"], **key()},
        )
        return order["id"], answer

    def show(self, order_id):
        """Return an order as staff sees it."""
        return self.client.get(f"/v1/orders/{order_id}", headers=self.staff).json

    def refund(self, order_id):
        """Give all of an order back."""
        path = f"/v1/orders/{order_id}/refunds"
        return self.client.post(path, json={}, headers={**self.staff, **key()})

    def pass_time(self):
        """Let banks decide, events arrive and jobs run, until nothing is left to do."""
        for _ in range(TURNS):
            self.bank.let_banks_answer()
            httpx2.post(
                f"{self.bank.sandbox.url}/admin/deliver",
                json={"again": True, "shuffle": 1},
                headers={"Authorization": f"Bearer {SECRET}"},
                timeout=60,
            )
            with self.app.app_context():
                due = work.run(make_due)
            run_once(self.app)
            if not due:
                return
        raise AssertionError("payments are still in flight")


@contextmanager
def served(app, port):
    """Serve an app in a thread of this process."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
    thread.start()
    yield
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def market(boot, write_deployment, issuer, tmp_path):
    """A shop and a sandbox that hear each other."""
    port = free_port()
    webhook = f"http://127.0.0.1:{port}/v1/webhooks/payments/sandbox"
    with running_bank(tmp_path, webhook=webhook) as bank:
        quick = bank.table.replace("timeout_seconds = 5", "timeout_seconds = 2")
        app = boot(write_deployment("products", "orders", more=issuer.table + quick))
        with served(app, port):
            yield Market(app, bank, issuer)


class TestCards:
    def test_end_as_they_say(self, market, database_url):
        """Whatever goes wrong, the order is paid exactly if the card was charged.

        A refund of each paid order is recorded as the bank has it, and the books agree.
        """
        answers = {}
        orders = {}
        for card, behaviour in CARDS.items():
            orders[behaviour], answer = market.pay(card)
            said = answer.json["code" if answer.status_code >= 400 else "status"]
            answers[behaviour] = answer.status_code, said
            if said == "requires_action":
                httpx2.post(answer.json["next_action"]["url"], data={"answer": "approve"})
        market.pass_time()

        ended = {
            behaviour: (answer[0], said, market.show(orders[behaviour])["payment_status"])
            for behaviour, answer in answers.items()
            for said in [ANSWERS[behaviour][1] and answer[1]]
        }
        assert ended == ANSWERS
        assert _books(market, database_url) == []

        paid = [order_id for name, order_id in orders.items() if ended[name][2] == "paid"]
        refunded = Counter(market.refund(order_id).status_code for order_id in paid)
        market.pass_time()

        states = {
            name: market.show(order_id)["payment_status"] for name, order_id in orders.items()
        }
        assert refunded == {201: len(paid)}
        assert Counter(states.values()) == {"refunded": 13, "unpaid": 5, "paid": 1}
        assert states["refund paid, then failed"] == "paid"
        assert _books(market, database_url) == []


def _books(market, database_url):
    engine = sa.create_engine(database_url, poolclass=sa.pool.NullPool)
    charges = market.bank.rows("SELECT payment_id, captured, refunded FROM charge")
    movements = market.bank.rows("SELECT charge_id, kind, reference, amount FROM movement")
    return [*find_violations(engine), *find_violations_of_ledger(engine, charges, movements)]
