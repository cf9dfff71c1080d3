import io
import json
import re
import zipfile
from datetime import datetime
from uuid import UUID

import pytest

from mercato_kit.db import new_id
from mercato_kit.privacy import Subject
from mercato_orders import services
from mercato_orders.privacy import erase
from mercato_testing.mails import MESSAGES

from .bank import BANKS
from .factories import end_pauses, find_order, let_time_pass, order_of
from .fakes import WAREHOUSE

REQUESTS = "/v1/privacy/requests"
GUEST = "guest@example.com"


@pytest.fixture
def fakes():
    """Mails are written and kept by a fake."""
    return [WAREHOUSE, BANKS, MESSAGES]


def ask(client, kind="erase", email=GUEST):
    """Ask for the data of a mailbox, or for its erasure."""
    return client.post(REQUESTS, json={"kind": kind, "email": email})


@pytest.fixture
def link(client, run_worker, postbox):
    """A function that asks by a mailbox, and returns the token that was mailed."""

    def mailed(kind="erase", email=GUEST):
        ask(client, kind, email)
        run_worker()
        [mail] = postbox.take()
        return re.search(r"confirm-request\?token=(\S+)", mail.get_content())[1]

    return mailed


def read(client, accepted, part=""):
    """Read a request with its access token."""
    headers = {"Privacy-Access-Token": accepted["access_token"]}
    return client.get(f"{REQUESTS}/{accepted['id']}{part}", headers=headers)


class TestAskByEmail:
    def test_mails_a_link(self, client, guests_order, run_worker, postbox):
        """The mailbox of a guest's order gets a link; the answer has nothing of it."""
        assert guests_order["customer_email"] == GUEST

        asked = ask(client)
        run_worker()

        assert (asked.status_code, asked.json) == (202, {})
        [mail] = postbox.take()
        assert (mail["Template"], mail["To"]) == ("orders.privacy_request", GUEST)
        assert mail["Secrets"] == "token"
        assert "to erase the data" in mail.get_content()

    def test_does_not_reveal_whether_there_are_orders(
        self, client, guests_order, run_worker, postbox
    ):
        """An unknown mailbox, and one of an account alone, get the same answer and no mail."""
        assert guests_order["customer_email"] == GUEST

        answers = [ask(client, email=one) for one in (GUEST, "nothing@example.com")]
        run_worker()

        assert {(answer.status_code, answer.data) for answer in answers} == {(202, b"{}\n")}
        assert len(postbox.take()) == 1

    def test_names_no_address_in_an_event(self, client, guests_order, outbox):
        """The event names the order that has the address."""
        ask(client)

        [event] = outbox("order.privacy_requested")
        assert event.payload == {"kind": "erase", "order_id": guests_order["id"]}

    def test_mails_five_times_at_once(self, client):
        """The sixth mail to an address is refused until an hour has passed."""
        answers = [ask(client).status_code for _ in range(6)]

        assert answers == [202] * 5 + [429]

    @pytest.mark.parametrize(
        "body",
        [
            {"kind": "erase"},
            {"kind": "erase", "email": GUEST, "order_id": str(new_id())},
            {"kind": "sell", "email": GUEST},
        ],
    )
    def test_needs_one_of_both(self, client, body):
        """A request names a mailbox or an order."""
        assert client.post(REQUESTS, json=body).status_code == 422


class TestConfirm:
    def test_erases_the_orders_of_the_mailbox(self, client, charlie, guests_order, link, commit):
        """What the link was mailed for is done by the worker, and is read with a secret."""
        commit(_expire, guests_order)

        accepted = client.post(f"{REQUESTS}/confirm", json={"token": link()})

        assert accepted.status_code == 202
        assert read(client, accepted.json).json["status"] == "scheduled"

    def test_is_done_by_the_worker(self, client, charlie, guests_order, link, run_worker, commit):
        """Every feature has erased what it had; it is done when each was asked once more."""
        commit(_expire, guests_order)
        accepted = client.post(f"{REQUESTS}/confirm", json={"token": link()}).json

        run_worker()

        order = charlie.get(f"/v1/orders/{guests_order['id']}").json
        assert order["shipping_address"] == {"country": "IT"}
        assert read(client, accepted).json["status"] == "waiting"
        commit(end_pauses)
        run_worker()
        shown = read(client, accepted).json
        assert (shown["status"], shown["complete"]) == ("done", True)

    def test_erases_an_order_that_was_under_way(
        self, client, charlie, item, guests_order, link, run_worker, commit
    ):
        """An order that began before the request, and commits after the first run, is erased."""
        commit(_expire, guests_order)
        client.post(f"{REQUESTS}/confirm", json={"token": link()})
        run_worker()
        late = client.post("/v1/orders", json=order_of((item, 1), email=GUEST)).json
        commit(_expire, late)
        commit(_place_at, late, guests_order["placed_at"])

        commit(end_pauses)
        run_worker()

        assert charlie.get(f"/v1/orders/{late['id']}").json["customer_email"] is None

    def test_exports_the_orders_of_the_mailbox(self, client, item, guests_order, link, run_worker):
        """The file has all orders of the mailbox, and nothing else."""
        other = client.post("/v1/orders", json=order_of((item, 1), email="GUEST@example.com")).json
        client.post("/v1/orders", json=order_of((item, 1), email="other@example.com"))
        accepted = client.post(f"{REQUESTS}/confirm", json={"token": link("export")}).json

        run_worker()

        file = read(client, accepted, "/file")
        with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
            orders = json.loads(archive.read("orders.json"))["orders"]
        assert [order["id"] for order in orders] == [guests_order["id"], other["id"]]

    def test_of_what_is_no_link_is_refused(self, client, guests_order, link, commit):
        """A forged token and one whose orders were erased get the same answer."""
        token = link()
        commit(erase, Subject(refs={"orders.order": frozenset({UUID(guests_order["id"])})}))

        answers = [
            client.post(f"{REQUESTS}/confirm", json={"token": one})
            for one in (token, token[:-1], "forged")
        ]

        assert {(one.status_code, one.json["code"]) for one in answers} == {(410, "link_expired")}


class TestAskByOrder:
    def test_is_about_that_order_alone(
        self, client, charlie, item, guests_order, run_worker, commit
    ):
        """The secret of an order proves neither its address nor other orders of it."""
        other = client.post("/v1/orders", json=order_of((item, 1), email=GUEST)).json
        commit(_expire, guests_order)
        body = {"kind": "erase", "order_id": guests_order["id"]}
        headers = {"Order-Access-Token": guests_order["access_token"]}

        accepted = client.post(REQUESTS, json=body, headers=headers)
        run_worker()
        commit(end_pauses)
        run_worker()

        assert read(client, accepted.json).json["complete"] is True
        emails = [
            charlie.get(f"/v1/orders/{one['id']}").json["customer_email"]
            for one in (guests_order, other)
        ]
        assert emails == [None, GUEST]

    def test_is_possible_ten_times_at_once(self, client, guests_order):
        """A guest cannot let exports be made without end; the links of mails count, too."""
        body = {"kind": "export", "order_id": guests_order["id"]}
        headers = {"Order-Access-Token": guests_order["access_token"]}

        answers = [client.post(REQUESTS, json=body, headers=headers) for _ in range(11)]

        assert [answer.status_code for answer in answers] == [202] * 10 + [429]

    def test_needs_the_secret_of_that_order(self, client, alice, item, guests_order, alices_order):
        """Another order's secret, none, and an account's order are not found."""
        other = client.post("/v1/orders", json=order_of((item, 1), email=GUEST)).json
        of_other = {"Order-Access-Token": other["access_token"]}
        body = {"kind": "export", "order_id": guests_order["id"]}

        answers = [
            client.post(REQUESTS, json=body, headers=of_other),
            client.post(REQUESTS, json=body),
            alice.post(REQUESTS, json={**body, "order_id": alices_order["id"]}),
        ]

        assert [answer.status_code for answer in answers] == [404, 404, 404]


class TestReadRequest:
    def test_needs_its_secret(self, client, guests_order, link):
        """A request is read with its own secret alone."""
        assert guests_order["customer_email"] == GUEST
        one = client.post(f"{REQUESTS}/confirm", json={"token": link("export")}).json
        other = client.post(f"{REQUESTS}/confirm", json={"token": link("erase")}).json

        mixed = {**one, "access_token": other["access_token"]}

        assert read(client, one).status_code == 200
        assert [read(client, mixed, part).status_code for part in ("", "/file")] == [404, 404]
        assert client.get(f"{REQUESTS}/{one['id']}").status_code == 404


def _expire(order):
    let_time_pass(order["id"])
    services.expire_order(UUID(order["id"]))


def _place_at(order, moment):
    row = find_order(order["id"])
    row.placed_at = datetime.fromisoformat(moment)
