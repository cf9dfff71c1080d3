"""Calls of Stripe beside the shop: its staff, its dashboard, and browsers of customers."""

import json

import httpx2

from mercato_kit.db import new_id
from mercato_payments_stripe.wire import API_VERSION

from .local_stripe import KEY, METHODS

NEW = {"amount": 1990, "currency": "eur", "allowed_payment_method_types[0]": "card"}


class StripeApi:
    """Calls the API of a Stripe, with a key.

    Args:
        url: Its address.
        key: The key.
    """

    def __init__(self, url, key=KEY):
        headers = {"Authorization": f"Bearer {key}", "Stripe-Version": API_VERSION}
        self.http = httpx2.Client(base_url=url, headers=headers, trust_env=False, timeout=20)

    def post(self, path, key=None, **fields):
        """Post fields under a key, a new one by default; return the response."""
        headers = {"Idempotency-Key": key or str(new_id())}
        return self.http.post(f"/v1/{path}", data=fields, headers=headers)

    def get(self, path, **query):
        """Return what is at a path."""
        return self.http.get(f"/v1/{path}", params=query).json()

    def admin(self, verb, **body):
        """Call what only the local Stripe has."""
        return self.http.post(f"/admin/{verb}", json=body).json()

    def faults(self, **faults):
        """Set what goes wrong by chance."""
        self.http.put("/admin/faults", json=faults).raise_for_status()

    def intent(self, **fields):
        """Create an intent, and return its id."""
        return self.post("payment_intents", **NEW | fields).json()["id"]

    def confirm(self, reference, method="pays", **fields):
        """Confirm an intent with the payment method that behaves so; return the response."""
        chosen = next(name for name, what in METHODS.items() if what == method)
        return self.post(f"payment_intents/{reference}/confirm", payment_method=chosen, **fields)

    def events(self):
        """Return the bodies of the latest events, oldest first."""
        found = self.get("events", limit=100)["data"]
        return [json.dumps(event).encode() for event in reversed(found)]

    def movements(self):
        """Return each time that money moved."""
        moved = self.http.get("/admin/ledger").json()["movements"]
        return [(one["kind"], one["amount"]) for one in moved]
