import pytest
import sqlalchemy as sa

from mercato_kit.db import session
from mercato_kit.models import InboxDelivery
from mercato_kit.outbox import publish

from .fakes import ALICE, ERASED, LAMP, LINES, event

REFUND = {"refund": {"id": "1", "payment_id": "2", "amount": 1_250, "lines": []}}
PAYMENT = {"payment": {"id": "2", "provider": "sandbox", "amount": 9_900}}

TO_CUSTOMER = [
    ("order.placed", {}, "Ihre Bestellung 1001", "Lamp <b>“Sun”</b>"),
    ("order.paid", {}, "Ihre Zahlung für die Bestellung 1001 ist eingegangen", "2.344,90"),
    (
        "order.shipped",
        {
            "fulfillment": {
                "id": "1",
                "sequence": 2,
                "lines": [{"line_id": LINES[LAMP], "quantity": 1}],
            }
        },
        "Paket 2 Ihrer Bestellung 1001 ist unterwegs",
        "1 \u00d7 Lamp",
    ),
    ("order.refunded", REFUND, "Eine Erstattung für Ihre Bestellung 1001", "12,50"),
    ("order.canceled", {}, "Ihre Bestellung 1001 wurde storniert", "1 \u00d7 Mug & saucer"),
    ("order.expired", {}, "Ihre Bestellung 1001 ist abgelaufen", "Mug & saucer"),
]

TO_STAFF = [
    ("order.refund_failed", REFUND, "A refund of order 1001 failed", "€12.50"),
    ("order.authorization_expiring", PAYMENT, "The authorisation of order 1001 ends", "€99.00"),
]


def text_of(mail):
    """Return the text of a mail."""
    return mail.get_body(("plain",)).get_content().replace("\xa0", " ")


class TestOrders:
    @pytest.mark.parametrize(("topic", "facts", "subject", "part"), TO_CUSTOMER)
    def test_mail_the_customer(
        self, commit, run_worker, mailbox, messages, topic, facts, subject, part
    ):
        """Each event becomes one mail in the customer's language, to the A-label."""
        commit(publish, event(topic, **facts))

        run_worker()
        run_worker()

        [mail] = mailbox.mails
        assert (mail["Subject"], mail["To"]) == (subject, "Alice@xn--bcher-kva.example")
        assert part in text_of(mail)
        assert [one.subject_id for one in messages()] == [ALICE]

    @pytest.mark.parametrize(("topic", "facts", "subject", "part"), TO_STAFF)
    def test_mail_staff(self, commit, run_worker, mailbox, topic, facts, subject, part):
        """What staff have to look at is mailed to `staff_email`, in the shop's language."""
        commit(publish, event(topic, **facts))

        run_worker()

        [mail] = mailbox.mails
        assert mail["To"] == "staff@example.com"
        assert mail["Subject"].startswith(subject)
        assert part in text_of(mail)

    def test_of_an_erased_customer_are_not_mailed(self, commit, run_worker, mailbox):
        """An order without an address has no mails."""
        commit(publish, event("order.placed", ERASED))

        tally = run_worker()

        assert (mailbox.mails, tally.failed) == ([], 0)


class TestWithoutStaff:
    @pytest.fixture
    def settings(self):
        """No address of staff."""
        return {"mail": "console"}

    def test_nothing_is_mailed_to_staff(self, commit, run_worker, messages):
        """Without `staff_email` there is no mail."""
        commit(publish, event("order.refund_failed", **REFUND))

        run_worker()

        assert messages() == []


class TestOff:
    @pytest.fixture
    def fakes(self):
        """No feature offers orders."""
        return []

    def test_handles_no_events_of_orders(self, app, commit, run_worker, messages):
        """Where there are no orders, their events have no handler and wait for none."""
        commit(publish, event("order.placed"))
        waiting = commit(lambda: session.scalars(sa.select(InboxDelivery)).all())

        run_worker()

        assert (waiting, messages()) == ([], [])
