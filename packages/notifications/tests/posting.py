"""Mails that tests post."""

from mercato_contracts.messages import Messages
from mercato_kit.db import utc_now
from mercato_kit.services import get

VALUES = {
    "order_id": "00000000-0000-7000-8000-000000000010",
    "number": 1001,
    "currency": "EUR",
    "tax_included": True,
    "amount_subtotal": 1000,
    "amount_discount": 0,
    "amount_shipping": 0,
    "amount_tax": 0,
    "amount_total": 1000,
    "happened_at": utc_now().isoformat(),
    "lines": [{"name": "Mug", "quantity": 1, "amount": 1000}],
}


def post(key="1", to="alice@example.com", locale=None, **more):
    """Post a mail about an order that was paid."""
    given = {"template": "notifications.order_paid", "context": VALUES, **more}
    get(Messages).post(key=key, to=to, locale=locale, **given)


def post_secret(app, key="1", to="alice@example.com", **more):
    """Post a mail with a secret, as a remote handler does: outside of a transaction."""
    with app.app_context():
        post(key, to, secrets=("number",), **more)
