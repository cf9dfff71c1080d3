from datetime import timedelta

import pytest

from mercato_contracts.payments import Refused, Unknown
from mercato_kit.db import new_id, utc_now
from mercato_payments_stripe.provides import StripePayments

from .payments import charge, pay
from .stripe_api import StripeApi

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def payments(app, stripe):
    """The provider, with an empty Stripe."""
    with app.app_context():
        yield StripePayments()


@pytest.fixture
def browser(stripe, server):
    """The browser of a customer, which has the publishable key."""
    made = StripeApi(server.url, "pk_test_local")
    with made.http:
        yield made


class TestCheck:
    @pytest.mark.parametrize("method", ["4242424242424242", "tok_visa", "pm_", "pm_é", "pm_1 "])
    def test_takes_ids_of_payment_methods_only(self, payments, method):
        """A text that is not the id of a payment method is refused before Stripe is asked."""
        with pytest.raises(Refused, match="payment_method_unknown"):
            payments.check(charge(payment_method=method))

    def test_refuses_amounts_that_stripe_would_round(self, payments):
        """The last digit of a Kuwaiti dinar is 0 at Stripe."""
        with pytest.raises(Refused, match="amount_not_exact"):
            payments.check(charge(amount=1995, currency="KWD"))


class TestOpen:
    def test_says_nothing_about_the_person(self, payments, stripe):
        """The metadata has the ids of payment, order and shop, and where it is confirmed."""
        ref, _ = pay(payments)

        intent = stripe.get(f"payment_intents/{ref.reference}")

        names = {"installation", "payment_id", "order_id", "confirmed_by"}
        assert set(intent["metadata"]) == names
        assert intent["metadata"]["payment_id"] == str(ref.payment_id)
        assert intent["description"] == "Order 1042"

    def test_is_refused_for_good_reasons(self, payments):
        """Stripe's own limits are refusals, not open outcomes."""
        with pytest.raises(Refused):
            payments.open(charge(amount=0), "key")


class TestConfirm:
    def test_of_the_browser_gives_it_a_secret(self, payments, stripe, browser):
        """Without a payment method, Stripe.js goes on, and the payment is found captured."""
        ref, asked = pay(payments, None)

        data = asked.next_action.data
        browser.confirm(ref.reference, client_secret=data["client_secret"])

        assert (asked.state, asked.next_action.kind) == ("requires_action", "client")
        assert data["publishable_key"] == "pk_test_local"
        assert payments.fetch(ref).state == "captured"

    def test_of_the_browser_may_be_tried_again(self, payments, browser):
        """A customer whose card is declined takes another one, while the payment is open."""
        ref, asked = pay(payments, None)
        secret = asked.next_action.data["client_secret"]

        declined = browser.confirm(ref.reference, "insufficient_funds", client_secret=secret)
        between = payments.fetch(ref)
        browser.confirm(ref.reference, client_secret=secret)

        assert declined.status_code == 402
        assert (between.state, between.error_code) == ("requires_action", "insufficient_funds")
        assert payments.fetch(ref).state == "captured"

    def test_without_a_return_url_leaves_3d_secure_to_the_browser(self, payments):
        """Stripe.js shows the challenge where there is no page to come back to."""
        _, asked = pay(payments, "3-D Secure", return_url=None)

        assert (asked.next_action.kind, asked.next_action.url) == ("client", None)
        assert asked.next_action.data["client_secret"]

    def test_says_why_the_bank_declined(self, payments, stripe):
        """The code is the bank's, and the intent is closed."""
        ref, declined = pay(payments, "insufficient_funds")

        assert (declined.state, declined.error_code) == ("failed", "insufficient_funds")
        assert stripe.get(f"payment_intents/{ref.reference}")["status"] == "canceled"

    def test_of_an_unknown_payment_method_is_refused(self, payments):
        """A payment method that Stripe does not have is refused: the outcome is not open."""
        with pytest.raises(Refused, match="resource_missing"):
            pay(payments, payment_method="pm_unknown")

    def test_of_a_captured_payment_says_so(self, payments, stripe):
        """Under another key, too late is an answer, and charges nothing."""
        new = charge()
        ref, _ = pay(payments, payment_id=new.payment_id)

        again = payments.confirm(new, ref, "another key")

        assert again.state == "captured"
        assert stripe.movements() == [("capture", 1990)]


class TestLostAnswers:
    @pytest.mark.parametrize(
        ("behaviour", "charged"),
        [
            ("lost, not charged", False),
            ("lost, charged", True),
            ("500, not charged", False),
            ("500, charged", True),
        ],
    )
    def test_keep_no_money_twice(self, payments, stripe, behaviour, charged):
        """A read says whether the customer was charged; a void closes it or says so."""
        payments._client._timeout_seconds = 0.5
        new = charge(behaviour)
        ref, _ = pay(payments, None, payment_id=new.payment_id)

        with pytest.raises(Unknown):
            payments.confirm(new, ref, "confirm")
        closed = payments.void(ref, "void")

        assert closed.state == ("captured" if charged else "canceled")
        assert stripe.movements() == ([("capture", 1990)] if charged else [])

    def test_a_decline_that_was_lost_is_closed_by_a_read(self, payments, stripe):
        """A decline is final also if its answer was lost."""
        new = charge("generic_decline")
        ref, _ = pay(payments, "pays", payment_id=new.payment_id, capture="later")
        lost = payments.open(new, "another payment")
        stripe.confirm(lost, "generic_decline")

        found = payments.fetch(type(ref)(new.payment_id, lost, "EUR"))

        assert (found.state, found.error_code) == ("failed", "generic_decline")
        assert stripe.confirm(lost).json()["error"]["code"] == "payment_intent_unexpected_state"


class TestFetch:
    def test_shows_when_a_bank_decides(self, payments, stripe):
        """A payment that a bank processes has a date, and is paid or declined later."""
        ref, asked = pay(payments, "processing, then paid")

        stripe.admin("clock", advance_seconds=3)
        found = payments.fetch(ref)

        assert asked.state == "processing"
        assert timedelta(days=13) < asked.expected_by - utc_now() < timedelta(days=15)
        assert (found.state, found.expected_by) == ("captured", None)

    def test_closes_what_a_bank_declined_later(self, payments, stripe):
        """A decline after days is as final as one at once."""
        ref, _ = pay(payments, "processing, then failed")

        stripe.admin("clock", advance_seconds=3)
        found = payments.fetch(ref)

        assert (found.state, found.amount_captured) == ("failed", 0)
        assert stripe.get(f"payment_intents/{ref.reference}")["status"] == "canceled"

    def test_shows_disputes(self, payments, stripe):
        """A customer's bank that asks the money back is seen."""
        ref, _ = pay(payments, "disputed")

        stripe.admin("clock", advance_seconds=3)

        assert payments.fetch(ref).disputed

    def test_lists_more_refunds_than_stripe_shows_at_once(self, payments, stripe):
        """Of many refunds, each is listed."""
        ref, _ = pay(payments)
        asked = [new_id() for _ in range(12)]
        for one in asked:
            payments.refund(ref, one, 10, "kept", f"{one}:refund:1")

        found = payments.fetch(ref).refunds

        assert {one.refund_id for one in found} == set(asked)
        assert len(found) == 12

    @pytest.mark.parametrize("currency", ["ISK", "MGA", "KWD"])
    def test_counts_as_the_shop_does(self, payments, stripe, currency):
        """Amounts and refunds come back in minor units of ISO 4217."""
        ref, _ = pay(payments, amount=7000, currency=currency)
        payments.refund(ref, new_id(), 2000, "kept", "key")

        found = payments.fetch(ref)

        assert (found.amount, found.amount_captured, found.currency) == (7000, 7000, currency)
        assert [one.amount for one in found.refunds] == [2000]


class TestCapture:
    def test_knows_until_when_it_can(self, payments):
        """An authorisation has its end, which is a week away."""
        _, held = pay(payments, capture="later")

        days = (held.authorized_until - utc_now()) / timedelta(days=1)

        assert 6 < days < 8

    def test_of_an_authorisation_that_ended_is_refused(self, payments, stripe):
        """Stripe cancels it at its end; nothing can be captured after that."""
        ref, _ = pay(payments, capture="later")

        stripe.admin("clock", advance_seconds=8 * 86_400)
        with pytest.raises(Refused, match="payment_intent_unexpected_state"):
            payments.capture(ref, new_id(), 1990, True, "key")  # noqa: FBT003

        assert payments.fetch(ref).state == "canceled"

    def test_that_is_declined_is_refused(self, payments, stripe):
        """A declined capture takes nothing, and the authorisation stays."""
        ref, _ = pay(payments, "capture declined", capture="later")

        with pytest.raises(Refused, match="capture_charge_declined"):
            payments.capture(ref, new_id(), 1990, True, "key")  # noqa: FBT003

        assert payments.fetch(ref).state == "authorized"
        assert stripe.movements() == []


class TestRefund:
    def test_may_be_pending_at_first(self, payments, stripe):
        """A bank may take its time."""
        ref, _ = pay(payments, "refund pending, then paid")

        asked = payments.refund(ref, new_id(), 500, "kept", "key")
        stripe.admin("clock", advance_seconds=3)

        assert asked.state == "pending"
        assert [one.state for one in payments.fetch(ref).refunds] == ["succeeded"]

    def test_may_fail_late(self, payments, stripe):
        """A bank may send money back days after the refund succeeded."""
        ref, _ = pay(payments, "refund paid, then failed")

        asked = payments.refund(ref, new_id(), 500, "kept", "key")
        stripe.admin("clock", advance_seconds=3)
        [found] = payments.fetch(ref).refunds

        assert asked.state == "succeeded"
        assert (found.state, found.error_code) == ("failed", "lost_or_stolen_card")

    def test_is_made_with_another_key_where_stripe_keeps_an_error(self, payments, stripe):
        """An error that Stripe keeps is repeated, and said to be; another key makes the refund."""
        ref, _ = pay(payments)
        refund_id, spent = new_id(), []
        stripe.faults(error_500=1, error_500_early=1)

        for _ in range(2):
            with pytest.raises(Unknown) as unknown:
                payments.refund(ref, refund_id, 500, "kept", "key-1")
            spent.append(unknown.value.key_is_spent)
            stripe.faults()
        made = payments.refund(ref, refund_id, 500, "kept", "key-2")

        assert spent == [False, True]
        assert (made.state, made.refund_id) == ("succeeded", refund_id)
        assert stripe.movements() == [("capture", 1990), ("refund", 500)]
