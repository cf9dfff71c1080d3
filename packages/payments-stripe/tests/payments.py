"""Payments of a shop, for tests."""

from mercato_contracts.payments import Charge, Ref
from mercato_kit.db import new_id

from .local_stripe import METHODS


def charge(behaviour="pays", **values):
    """Return a charge with the payment method that behaves so; None leaves it to the browser."""
    methods = {what: name for name, what in METHODS.items()}
    return Charge(
        **{
            "payment_id": new_id(),
            "order_id": new_id(),
            "number": 1042,
            "amount": 1990,
            "currency": "EUR",
            "payment_method": methods.get(behaviour),
            "return_url": "http://127.0.0.1/thanks",
            **values,
        }
    )


def pay(payments, behaviour="pays", **values):
    """Open and confirm a payment; return it, and what the provider says."""
    new = charge(behaviour, **values)
    ref = Ref(new.payment_id, payments.open(new, f"{new.payment_id}:open:1"), new.currency)
    return ref, payments.confirm(new, ref, f"{ref.payment_id}:confirm:1")
