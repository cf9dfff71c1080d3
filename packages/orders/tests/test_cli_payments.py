"""`mercato payments …`: what operators see of payments, and do about them."""

import pytest
from click.testing import CliRunner

from mercato_contracts.payments import Unknown
from mercato_kit import work
from mercato_kit.db import new_id, utc_now
from mercato_orders import services
from mercato_orders.cli.payments import payments
from mercato_testing.samples.documents import read_document

from .bank import BANK
from .factories import order_of
from .left_over import ANSWERED, events, find_payment, leave_payment, make_due

NOTE = ("--note", "paid by cheque")


@pytest.fixture
def payment_id(alices_order, commit):
    """The id of a payment that an operator has to look at."""
    payment_id = commit(leave_payment, alices_order["id"], snapshot=ANSWERED)
    commit(note, payment_id)
    return payment_id


@pytest.fixture
def mercato(app):
    """A function that runs `mercato payments`, as `mercato` does; it returns the result."""

    def run(name, *arguments):
        command = payments.commands[name]
        with app.app_context():
            invoke = lambda: CliRunner().invoke(command, arguments)  # noqa: E731
            return invoke() if work.is_in_steps(command.callback) else work.run(invoke)

    return run


def note(payment_id):
    """Let a payment need attention, after errors."""
    payment = find_payment(payment_id)
    payment.attention, payment.attention_at = "void_refused", utc_now()
    payment.errors, payment.checks, payment.last_error = 3, 9, "not_now"


def refuse_refund(payment_id):
    """Let a payment be late, and its refund refused."""
    payment = find_payment(payment_id)
    payment.status, payment.amount_captured = "refund_due", payment.amount
    BANK.accounts[payment_id].state, BANK.accounts[payment_id].captured = "captured", 2_500


def entries(who, order):
    """Return the private entries of an order's timeline that are about a payment."""
    found = who.get(f"/v1/orders/{order['id']}/events").json["data"]
    return [(one["type"], one["data"]) for one in found if one["type"].startswith("order.payment_")]


class TestList:
    def test_shows_why_and_since_when(self, mercato, payment_id, alices_order):
        """A line has the payment, its order, why and since when, and the last error."""
        head, line = mercato("list", "--attention").output.splitlines()

        assert head.split()[:4] == ["payment", "order", "provider", "status"]
        assert line.startswith(f"{payment_id}  {alices_order['number']} ")
        assert "2500 EUR  void_refused  20" in line
        assert line.endswith("not_now")

    def test_has_open_payments_too(self, mercato, payment_id, alice, item, commit):
        """Without the option, payments whose outcome is open are listed, and no others."""
        orders = [alice.post("/v1/orders", json=order_of((item, 1))).json for _ in range(2)]
        still_open = commit(leave_payment, orders[0]["id"])
        commit(leave_payment, orders[1]["id"], status="captured", amount_captured=1_250)

        listed = mercato("list", "--json").stdout
        with_attention = mercato("list", "--attention", "--json").stdout

        rows = read_document(listed, "mercato_orders")["payments"]
        few = read_document(with_attention, "mercato_orders")["payments"]
        assert [row["id"] for row in rows] == [str(payment_id), str(still_open)]
        assert [(row["id"], row["attention"]) for row in few] == [(str(payment_id), "void_refused")]


class TestRetry:
    def test_asks_again_from_the_start(self, mercato, payment_id, charlie, alices_order, commit):
        """The provider is asked again at once, at short intervals; the timeline says so."""
        done = mercato("retry", str(payment_id), "--json")

        payment = commit(find_payment, payment_id)
        assert read_document(done.stdout, "mercato_orders")["payment_id"] == str(payment_id)
        assert (payment.attention, payment.checks, payment.errors) == (None, 0, 0)
        assert payment.next_check_at <= utc_now()
        facts = {"payment_id": str(payment_id), "reason": "void_refused"}
        assert entries(charlie, alices_order) == [("order.payment_retried", facts)]

    def test_gives_late_money_back_once_more(self, mercato, app, payment_id, commit):
        """A refund of money that no order took, and that failed, is made anew."""
        commit(refuse_refund, payment_id)

        mercato("retry", str(payment_id))
        commit(make_due)
        with app.app_context():
            services.reconcile_payments()

        payment = commit(find_payment, payment_id)
        assert (payment.status, payment.amount_refunded) == ("refunded", 2_500)
        assert BANK.moved() == 0

    def test_of_none(self, mercato):
        """An unknown payment is an error."""
        refused = mercato("retry", str(new_id()))

        assert (refused.exit_code, "there is no payment" in refused.output) == (1, True)


class TestResolve:
    def test_is_audited(
        self, mercato, payment_id, alice, charlie, alices_order, commit, security_log
    ):
        """What was done is in the timeline for staff, and the change in the security log."""
        done = mercato("resolve", str(payment_id), *NOTE, "--json")

        facts = {"payment_id": str(payment_id), "reason": "void_refused", "note": NOTE[1]}
        assert read_document(done.stdout, "mercato_orders")["payment_id"] == str(payment_id)
        assert commit(find_payment, payment_id).attention is None
        assert entries(charlie, alices_order) == [("order.payment_resolved", facts)]
        assert entries(alice, alices_order) == []
        assert "payment_resolved" in [line["event"] for line in security_log()]

    @pytest.mark.parametrize("note", [[], ["--note", " "], ["--note", "x" * 2_001]])
    def test_needs_a_note(self, mercato, payment_id, commit, note):
        """An operator says what was done, in 2,000 characters at most."""
        refused = mercato("resolve", str(payment_id), *note)

        assert (refused.exit_code, "--note" in refused.output) == (2, True)
        assert commit(find_payment, payment_id).attention == "void_refused"


class TestReplay:
    def test_settles_an_event_again(self, mercato, client, payment_id, commit):
        """The event is settled once more, and the payment is named."""
        event = BANK.notice(payment_id)
        client.post("/v1/webhooks/payments/bank", **BANK.webhook(event))

        done = mercato("replay", event.event_id, "--provider", "bank", "--json")

        assert read_document(done.stdout, "mercato_orders")["payment_id"] == str(payment_id)

    def test_says_what_the_provider_did_not(self, mercato, client, payment_id, commit):
        """A provider that does not answer is an error of one line."""
        event = BANK.notice(payment_id, snapshot=None)
        client.post("/v1/webhooks/payments/bank", **BANK.webhook(event))
        BANK.next("fetch", Unknown("time-out"))

        failed = mercato("replay", event.event_id)

        [row] = commit(events)
        assert (failed.exit_code, "time-out" in failed.output) == (1, True)
        assert row.processed_at is None

    def test_of_none(self, mercato):
        """An unknown event is an error."""
        assert mercato("replay", "evt_0").exit_code == 1
