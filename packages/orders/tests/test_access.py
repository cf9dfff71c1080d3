"""Who may call which route of an order: of an own one, and of another customer's."""

from dataclasses import dataclass
from typing import Any

import pytest

from mercato_kit.db import new_id
from mercato_orders.permissions import FULFILL, PERMISSIONS, READ, REFUND, WRITE

from . import money
from .factories import order_of

REFUSED = (401, 403, 404)

BY_ID_OF_NOTHING = {
    "quote_order",
    "place_order",
    "list_orders",
    "claim_order",
    "receive_webhook",
    "request_privacy",
    "confirm_privacy_request",
    "read_privacy_request",
    "read_privacy_file",
}
"""Routes whose address names no order. Tests of their own say whose orders they show or change."""


@dataclass(frozen=True)
class Right:
    """Who may call a route of a paid order, of which a unit is sent.

    Args:
        needs: The permission that is enough.
        owner: Whether owning the order is enough.
        closed: Whether the route is refused without the permission before the order is looked for.
    """

    needs: str = READ
    owner: bool = True
    closed: bool = False

    def expects(self, caller):
        """Return the status of a refusal; None if the caller may call the route."""
        if self.needs in caller.permissions or (self.owner and caller.owns):
            return None
        if self.closed:
            return 403 if caller.who.principal else 401
        sees = caller.owns or READ in caller.permissions
        return 403 if sees else 404


STAFF_ONLY = {"owner": False, "closed": True}
RIGHTS = {
    "get_order": Right(),
    "list_order_events": Right(),
    "list_payments": Right(),
    "get_payment": Right(),
    "list_refunds": Right(),
    "get_refund": Right(),
    "list_fulfillments": Right(),
    "get_fulfillment": Right(),
    "change_order": Right(WRITE),
    "pay_order": Right(WRITE),
    "void_payment": Right(WRITE),
    # Owners cancel until the order is paid.
    "cancel_order": Right(WRITE, owner=False),
    "capture_payment": Right(WRITE, owner=False),
    "add_note": Right(WRITE, **STAFF_ONLY),
    "refund_order": Right(REFUND, **STAFF_ONLY),
    "fulfill_order": Right(FULFILL, **STAFF_ONLY),
    "track_fulfillment": Right(FULFILL, **STAFF_ONLY),
    "deliver_fulfillment": Right(FULFILL, **STAFF_ONLY),
    "cancel_fulfillment": Right(FULFILL, **STAFF_ONLY),
}

BODIES = {
    "change_order": {"note": "Ring twice"},
    "pay_order": {"provider": "bank"},
    "add_note": {"text": "Called"},
    "cancel_order": {},
    "capture_payment": {},
    "refund_order": {"amount": 1},
    "track_fulfillment": {"tracking_number": "7"},
}


@dataclass(frozen=True)
class Called:
    """A client that calls, and what it has."""

    who: Any
    owns: bool = False
    permissions: tuple[str, ...] = ()
    token: str | None = None

    def call(self, route, ids):
        """Call a route with ids by name; return the status and the code of the answer."""
        name = route.endpoint.partition(".")[2]
        body = BODIES.get(name)
        if name == "fulfill_order":
            body = {"lines": [{"line_id": ids["line_id"], "quantity": 1}]}
        headers = {"If-Match": "*"}
        if self.token is not None:
            headers["Order-Access-Token"] = self.token
        path = route.rule
        for argument in route.arguments:
            path = path.replace(f"<uuid:{argument}>", str(ids[argument]))
        (method,) = route.methods - {"HEAD", "OPTIONS"}
        answer = self.who.open(path, method=method, json=body, headers=headers)
        return answer.status_code, (answer.json or {}).get("code")


@pytest.fixture
def routes(app):
    """The routes of orders whose address has an id, by name."""
    found = {
        rule.endpoint.partition(".")[2]: rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("orders.")
    }
    assert found.keys() >= BY_ID_OF_NOTHING
    return {name: rule for name, rule in found.items() if name not in BY_ID_OF_NOTHING}


@pytest.fixture
def parts(client, charlie, commit):
    """A function that pays an order, sends a unit, gives money back, and returns all ids."""

    def make(order):
        at = f"/v1/orders/{order['id']}"
        line_id = order["lines"][0]["id"]
        payment_id = commit(money.pay, order["id"])
        sent = {"lines": [{"line_id": line_id, "quantity": 1}]}
        parcel = charlie.post(f"{at}/fulfillments", json=sent)
        refund = charlie.post(f"{at}/refunds", json={"amount": 1})
        assert (parcel.status_code, refund.status_code) == (201, 201)
        return {
            "order_id": order["id"],
            "line_id": line_id,
            "payment_id": payment_id,
            "refund_id": refund.json["id"],
            "fulfillment_id": parcel.json["id"],
        }

    return make


@pytest.fixture
def others(client, as_user, item):
    """Callers who do not own the order: accounts, guests, and staff with one permission each."""
    body = order_of((item, 1), email="other@example.com")
    token = client.post("/v1/orders", json=body).json["access_token"]
    staff = [
        Called(as_user(permissions=[permission]), permissions=(permission,))
        for permission in PERMISSIONS
    ]
    return [Called(as_user()), Called(client), Called(client, token=token), *staff]


@pytest.fixture(params=["account", "guest"])
def owned(request, alice, client, item):
    """An order, and its owner: an account, or a guest with the token."""
    if request.param == "account":
        return alice.post("/v1/orders", json=order_of((item, 9))).json, Called(alice, owns=True)
    order = client.post("/v1/orders", json=order_of((item, 9), email="guest@example.com")).json
    return order, Called(client, owns=True, token=order["access_token"])


class TestAccess:
    def test_every_route_is_in_the_table(self, routes):
        """A new route of orders has to say here who may call it."""
        assert routes.keys() == RIGHTS.keys()

    def test_who_may_call(self, routes, owned, others, parts):
        """404 for what is not yours, 403 for what you see only; everything else is let through."""
        order, owner = owned
        ids = parts(order)

        answers = [
            (name, caller.permissions or caller.owns, RIGHTS[name].expects(caller), status)
            for name, route in routes.items()
            for caller in (*others, owner)
            for status, _ in [caller.call(route, ids)]
        ]

        wrong = [
            (name, caller, expected, status)
            for name, caller, expected, status in answers
            if (expected or status) != status or (expected is None and status in REFUSED)
        ]
        assert wrong == []

    def test_what_does_not_exist_looks_like_what_is_not_yours(self, routes, owned, others, parts):
        """Callers who may not see the order get the same answer for an id of nothing."""
        order, _ = owned
        ids = parts(order)
        nothing = {**{name: new_id() for name in ids}, "line_id": ids["line_id"]}
        blind = [caller for caller in others if READ not in caller.permissions]

        different = [
            (name, caller.permissions)
            for name, route in routes.items()
            for caller in blind
            if RIGHTS[name].needs not in caller.permissions
            and caller.call(route, ids) != caller.call(route, nothing)
        ]

        assert different == []

    def test_parts_belong_to_their_order(self, routes, alice, charlie, item, parts):
        """A part of another order is not found below one's own, even by staff."""
        mine = alice.post("/v1/orders", json=order_of((item, 9))).json
        other = charlie.post("/v1/orders", json=order_of((item, 9))).json
        mixed = {**parts(other), "order_id": mine["id"]}
        nested = [route for route in routes.values() if len(route.arguments) > 1]

        answers = {
            (route.endpoint, who.sub): Called(who).call(route, mixed)[0]
            for route in nested
            for who in (alice, charlie)
        }

        assert len(nested) >= 2
        assert set(answers.values()) == {404}, answers
