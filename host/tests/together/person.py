"""A person who has left something in every table of a shop, and the marks in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask

from mercato_kit import work
from mercato_kit.db import new_id, session, utc_now
from mercato_kit.models import InboxDelivery, OutboxEvent
from mercato_mfa.models import Passkey, RecoveryCode, Totp
from mercato_orders.models import Capture, Payment, PaymentEvent
from mercato_runtime.worker import run_once
from mercato_shipping.sample_data import make_sample_data as make_zones
from mercato_taxes.sample_data import make_sample_data as make_rates
from mercato_users import services as users
from mercato_users.models import ADMIN, Challenge, Invitation, User
from mercato_users.values import NewUser

from .marks import MARK
from .shopping import PASSWORD, key, new_order, stock_variant

EMAIL = f"{MARK}@example.com"
OTHER = "bystander@example.com"
STAFF = "staff@example.com"
ADDRESS = {
    "name": f"{MARK} name",
    "line1": f"{MARK} street",
    "city": "Bologna",
    "postal_code": "40121",
    "country": "IT",
}


@dataclass(frozen=True)
class Person:
    """A customer of a shop.

    Args:
        id: The account.
        shop: The app.
        own: The headers of the customer's requests.
        staff: The headers of those of staff.
        completed: Id of an order that was paid and sent.
        open: Id of an order that was paid, and is not sent yet.
        guests: Id of an order of the same mailbox without the account, which was paid and sent.
        order: The body of these orders.
    """

    id: UUID
    shop: Flask
    own: dict[str, str]
    staff: dict[str, str]
    completed: str
    open: str
    guests: str
    order: dict[str, Any]

    def send(
        self, method: str, path: str, who: dict[str, str] | None = None, **options: Any
    ) -> Any:
        """Send a request, by default as the customer, and return the answer."""
        headers = {**(self.own if who is None else who), **key(), **options.pop("headers", {})}
        answer = self.shop.test_client().open(path, method=method, headers=headers, **options)
        assert answer.status_code < 300, f"{method} {path}: {answer.status} {answer.text}"
        return answer

    def commit(self, function: Any) -> Any:
        """Call a function in a unit of work, and return its result."""
        with self.shop.app_context():
            return work.run(function)


def settle_in(shop: Flask) -> Person:
    """Let a person use every feature of a shop."""
    with shop.app_context():
        user_id = work.run(_create_accounts)
        work.run(lambda: (make_rates({}), make_zones({})))
    staff, own = _log_in(shop, STAFF), _log_in(shop, EMAIL)
    variant_id = stock_variant(shop.test_client(), staff, units=20)
    order = new_order(variant_id, email=EMAIL, shipping_address=ADDRESS, **_wishes())
    person = Person(user_id, shop, own, staff, *_order(shop, own, order), order)
    for order_id in (person.completed, person.open, person.guests):
        person.send("POST", f"/v1/orders/{order_id}/payments", staff, json={"provider": "manual"})
    for order_id in (person.completed, person.guests):
        _send(person, order_id)
    _use_account(person)
    _shop_around(person, variant_id)
    person.commit(lambda: _store_what_happened(person))
    run_once(shop)
    return person


def _create_accounts() -> UUID:
    staff = users.create_verified_user(NewUser(email=STAFF, password=PASSWORD))
    users.grant_role(staff.id, ADMIN)
    names = {"given_name": MARK, "family_name": MARK, "locale": "it"}
    return users.create_verified_user(NewUser(email=EMAIL, password=PASSWORD, **names)).id


def _log_in(shop: Flask, email: str) -> dict[str, str]:
    body = {"email": email, "password": PASSWORD, "device_name": "phone"}
    answer = shop.test_client().post("/v1/auth/login", json=body)
    return {"Authorization": f"Bearer {answer.json['access_token']}"}


def _wishes() -> dict[str, Any]:
    return {"billing_address": ADDRESS, "note": MARK, "shipping_method": "shipping.standard"}


def _order(shop: Flask, own: dict[str, str], order: dict[str, Any]) -> Iterator[str]:
    """Place two orders of the customer, and one of the mailbox alone."""
    for who in (own, own, {}):
        answer = shop.test_client().post("/v1/orders", json=order, headers={**who, **key()})
        assert answer.status_code == 201, answer.text
        yield answer.json["id"]


def _send(person: Person, order_id: str) -> None:
    """Send the units of an order, and give some of the money back."""
    shown = person.send("GET", f"/v1/orders/{order_id}", person.staff).json
    lines = [{"line_id": line["id"], "quantity": line["quantity"]} for line in shown["lines"]]
    parcel = {"lines": lines, "tracking_company": "Carrier", "tracking_number": MARK}
    person.send("POST", f"/v1/orders/{order_id}/fulfillments", person.staff, json=parcel)
    refund = {"amount": 1, "reason": MARK}
    person.send("POST", f"/v1/orders/{order_id}/refunds", person.staff, json=refund)
    note = {"text": MARK, "is_public": True}
    person.send("POST", f"/v1/orders/{order_id}/notes", person.staff, json=note)


def _use_account(person: Person) -> None:
    person.send("POST", "/v1/users/me/addresses", json=ADDRESS)
    person.send("POST", "/v1/api-keys", json={"name": MARK, "scopes": []})
    change = {"email": f"new-{EMAIL}", "current_password": PASSWORD}
    person.send("PUT", "/v1/users/me/email", json=change)


def _shop_around(person: Person, variant_id: str) -> None:
    """Fill a cart, and review what was bought."""
    cart = person.send("POST", "/v1/carts", json={"currency": "EUR"}).json["id"]
    wanted = {"variant_id": variant_id, "quantity": 1}
    person.send("POST", f"/v1/carts/{cart}/lines", json=wanted)
    variant = person.send("GET", f"/v1/variants/{variant_id}").json
    review = {"product_id": variant["product_id"], "rating": 5, "text": MARK}
    person.send("POST", "/v1/reviews", json=review)


def _store_what_happened(person: Person) -> None:
    """Store what providers and others would send: there is no other way to make it here."""
    now = utc_now()
    for order_id in map(UUID, (person.completed, person.guests)):
        payment = session.scalars(sa.select(Payment).where(Payment.order_id == order_id)).one()
        event = {"provider": "manual", "event_id": str(order_id), "type": "paid"}
        session.add(PaymentEvent(**event, payment_id=payment.id, body=MARK, processed_at=now))
        done = {"amount": 1, "is_final": False, "status": "failed"}
        session.add(Capture(id=new_id(), payment_id=payment.id, last_error=MARK, **done))
        session.add(_failed_delivery(order_id))
    _store_factors(person.id)
    ends = {"created_at": now, "expires_at": now + timedelta(days=3)}
    staff_id = session.scalar(sa.select(User.id).where(User.email == STAFF))
    session.add(
        Invitation(
            email=EMAIL, email_canonical=EMAIL, token_hash="0" * 64, invited_by=staff_id, **ends
        )
    )


def _store_factors(user_id: UUID) -> None:
    ends = utc_now() + timedelta(days=1)
    session.add(
        Challenge(
            token_hash="0" * 64, user_id=user_id, purpose="login", epoch=0, data={}, expires_at=ends
        )
    )
    session.add(Totp(user_id=user_id, secret_sealed=b"", last_step=0, label=MARK))
    session.add(RecoveryCode(code_hash="0" * 64, user_id=user_id))
    key = {"credential_id": MARK, "public_key": b"", "transports": [], "name": MARK}
    session.add(Passkey(user_id=user_id, sign_count=0, backed_up=False, **key))


def _failed_delivery(order_id: UUID) -> InboxDelivery:
    """Return a delivery of an event of an order that failed with the customer's address."""
    event = sa.select(OutboxEvent.id).where(OutboxEvent.aggregate_id == order_id).limit(1)
    return InboxDelivery(
        consumer="orders.send_unshippable_once",
        event_id=session.scalars(event).one(),
        attempts=1,
        last_error=f"no mail to {EMAIL}",
        next_attempt_at=utc_now() + timedelta(days=300),
    )


def finish(person: Person) -> None:
    """Send what is still open of a person's orders."""
    _send(person, person.open)


def order_as_another(person: Person) -> str:
    """Place an order of another guest, and return its path."""
    address = {"name": "Bea Bystander", "line1": "1 Lane", "city": "Bologna", "country": "IT"}
    order = {**person.order, "email": OTHER, "shipping_address": address, "note": "Ring twice"}
    del order["billing_address"]
    return person.send("POST", "/v1/orders", {}, json=order).headers["Location"]
