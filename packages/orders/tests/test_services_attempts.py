"""Payments with a provider on another machine: before, between and after its calls."""

import pytest
import sqlalchemy as sa

from mercato_contracts.payments import Misconfigured, Refused, Unknown
from mercato_kit import leases
from mercato_kit.db import engine, session
from mercato_kit.models import IdempotencyKey
from mercato_orders import services

from . import factories
from .bank import AFTER, BANK, After
from .factories import order_of
from .left_over import make_due

KEY = {"Idempotency-Key": "pay-this-order-once"}


def pay(who, order, **options):
    """Pay an order at the bank."""
    body = {"provider": "bank", **options.pop("json", {})}
    return who.post(f"/v1/orders/{order['id']}/payments", json=body, **options)


def read(who, payment):
    """Return a payment as the API shows it."""
    return who.get(f"/v1/orders/{payment['order_id']}/payments/{payment['id']}").json


class Killed(BaseException):
    """The process ends here."""


class TestPay:
    def test_charges_the_customer(self, alice, alices_order, commit, outbox):
        """The order is paid by what the provider captured, and keeps its units."""
        paid = pay(alice, alices_order)

        order = alice.get(f"/v1/orders/{alices_order['id']}").json
        assert (paid.status_code, paid.json["status"]) == (201, "captured")
        assert read(alice, paid.json) == paid.json
        assert (order["payment_status"], order["amount_paid"]) == ("paid", 2_500)
        assert [event.topic for event in outbox("order.paid")] == ["order.paid"]
        assert commit(factories.reservation_status_of, alices_order["id"]) == "committed"
        assert BANK.moved() == 2_500

    def test_a_card_that_needs_the_customer(self, alice, alices_order, commit):
        """The customer gets what is to be done; the order stays unpaid, and its units held."""
        BANK.next("confirm", "requires_action")

        paid = pay(alice, alices_order)

        assert (paid.status_code, paid.json["status"]) == (201, "requires_action")
        assert paid.json["next_action"]["url"] == "https://bank.example/3ds"
        assert alice.get(f"/v1/orders/{alices_order['id']}").json["payment_status"] == "unpaid"
        assert commit(factories.reservation_status_of, alices_order["id"]) == "held"

    def test_a_declined_card(self, alice, alices_order):
        """The answer is 402 with the payment, kept under its key; then another card pays."""
        BANK.next("confirm", "failed")

        declined, again = (pay(alice, alices_order, headers=KEY) for _ in range(2))
        paid = pay(alice, alices_order)

        assert (declined.status_code, declined.json["code"]) == (402, "payment_declined")
        assert declined.json["error_code"] == "card_declined"
        assert (again.status_code, again.json) == (402, declined.json)
        payment = {"id": declined.json["payment_id"], "order_id": alices_order["id"]}
        assert read(alice, payment)["status"] == "failed"
        assert (paid.status_code, BANK.moved()) == (201, 2_500)

    @pytest.mark.parametrize("method", ["open", "confirm"])
    def test_a_refused_call(self, alice, alices_order, method):
        """A refusal is a decline; what the provider has opened is closed there."""
        BANK.next(method, Refused("no_such_card"))

        declined = pay(alice, alices_order)

        assert (declined.status_code, declined.json["error_code"]) == (402, "no_such_card")
        assert pay(alice, alices_order).status_code == 201
        assert [one.state for one in BANK.accounts.values() if one.state != "canceled"] == [
            "captured"
        ]

    def test_a_refused_call_that_cannot_be_closed(self, alice, alices_order, commit):
        """Until the provider has closed it, the payment blocks another one."""
        BANK.next("confirm", Refused("no_such_card"))
        BANK.next("void", Unknown())

        declined = pay(alice, alices_order)

        payment = commit(factories.find_payment, declined.json["payment_id"])
        assert (declined.status_code, payment.status) == (402, "processing")
        assert payment.void_requested_at is not None
        assert pay(alice, alices_order).json["code"] == "payment_in_progress"

    @pytest.mark.parametrize("lost", ["open", "confirm"])
    @pytest.mark.parametrize("outcome", [Unknown(), AFTER, Misconfigured()])
    def test_an_unknown_outcome(self, alice, alices_order, lost, outcome):
        """Without an answer of the provider the payment is shown as processing."""
        BANK.next(lost, outcome)

        paid = pay(alice, alices_order)

        assert (paid.status_code, paid.json["status"]) == (201, "processing")
        assert BANK.moved() == (2_500 if (lost, outcome) == ("confirm", AFTER) else 0)

    def test_what_a_provider_cannot_charge(self, alice, commit):
        """A currency that the provider does not take is refused, before it is called."""
        dear = commit(factories.make_item, currency="KWD")
        order = alice.post("/v1/orders", json=order_of((dear, 1), currency="KWD")).json

        refused = pay(alice, order)

        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/provider")
        assert BANK.calls == []

    def test_a_card_number_is_refused(self, alice, alices_order):
        """Card numbers are for the provider alone."""
        refused = pay(alice, alices_order, json={"payment_method": "4242 4242 4242 4242"})

        assert (refused.status_code, refused.json["errors"][0]["code"]) == (422, "card_number")

    def test_statements(self, app, alice, alices_order, statements):
        """Paying takes 11 statements and two of the contract stock; on SQLite, 3 more."""
        with statements as sent:
            pay(alice, alices_order)

        assert len(sent) <= 13 + 3 * _is_sqlite(app), sent

    def test_statements_of_a_provider_here(self, app, charlie, alices_order, statements):
        """One that staff record takes 9 and two of the contract stock; on SQLite, 3 more."""
        with statements as sent:
            charlie.post(f"/v1/orders/{alices_order['id']}/payments", json={"provider": "desk"})

        assert len(sent) <= 11 + 3 * _is_sqlite(app), sent


def _is_sqlite(app):
    """Return whether rows that are written later are a statement for each table."""
    with app.app_context():
        return engine().dialect.name == "sqlite"


def die():
    """End the process."""
    raise Killed


class TestCrash:
    """The process is killed at a named point; then the same request comes again."""

    @pytest.fixture
    def end_lease(self, commit):
        """A function that lets the time of the lease on each key pass."""
        past = sa.update(IdempotencyKey).values(leased_until=leases.now(-1))
        return lambda: commit(lambda: session.execute(past))

    @pytest.fixture
    def crash(self, alice, alices_order, end_lease):
        """A function that kills a payment at a point, and repeats it."""

        def crash(method, outcome):
            BANK.next(method, outcome)
            with pytest.raises(Killed):
                pay(alice, alices_order, headers=KEY)
            end_lease()
            return pay(alice, alices_order, headers=KEY)

        return crash

    @pytest.mark.parametrize("outcome", [die, After(die)])
    def test_before_the_fence(self, crash, outcome):
        """Without a reference the same payment is opened again, and charged once."""
        resumed = crash("open", outcome)

        assert (resumed.json["status"], BANK.moved()) == ("captured", 2_500)
        assert len(BANK.accounts) == 1

    def test_before_the_charge(self, app, crash, alice, commit):
        """With a reference the provider is only asked: the customer is not charged.

        The worker closes the payment, because it was never confirmed.
        """
        resumed = crash("confirm", die)

        commit(make_due)
        with app.app_context():
            services.reconcile_payments()
        assert (resumed.status_code, resumed.json["status"]) == (201, "processing")
        assert (read(alice, resumed.json)["status"], BANK.moved()) == ("canceled", 0)

    def test_after_the_charge(self, crash, alice, outbox):
        """What was charged is found, and pays the order once."""
        resumed = crash("confirm", After(die))

        assert (resumed.json["status"], BANK.moved()) == ("captured", 2_500)
        assert [method for method, _ in BANK.calls] == ["open", "confirm", "fetch"]
        assert len(outbox("order.paid")) == 1

    @pytest.mark.parametrize("lost", ["fetch"])
    def test_the_provider_does_not_answer(self, crash, lost):
        """If it cannot be asked, the payment is shown as it is."""
        BANK.next(lost, Unknown())

        resumed = crash("confirm", After(die))

        assert (resumed.status_code, resumed.json["status"]) == (201, "processing")


class TestFence:
    """What happens to the order while the provider opens the payment."""

    def test_a_canceled_order_is_not_charged(self, alice, alices_order):
        """A payment that was closed before it has a reference cannot move money."""
        cancel = f"/v1/orders/{alices_order['id']}/cancel"
        BANK.next("open", After(lambda: alice.post(cancel, json={})))

        paid = pay(alice, alices_order)

        assert (paid.status_code, paid.json["status"]) == (201, "canceled")
        assert "confirm" not in [method for method, _ in BANK.calls]

    def test_a_voided_payment_is_not_charged(self, alice, alices_order):
        """The owner closes the payment, to pay otherwise."""

        def void():
            listed = alice.get(f"/v1/orders/{alices_order['id']}/payments").json["data"]
            closed = alice.post(f"/v1/payments/{listed[0]['id']}/void")
            assert (closed.status_code, closed.json["status"]) == (200, "canceled")

        BANK.next("open", After(void))

        paid = pay(alice, alices_order)

        assert (paid.json["status"], BANK.moved()) == ("canceled", 0)
        assert pay(alice, alices_order).json["status"] == "captured"
