"""A shop that calls a sandbox, for tests."""

import httpx2

from mercato_kit.db import new_id


class Api:
    """Calls the API of a sandbox with its secret."""

    def __init__(self, url, secret):
        headers = {"Authorization": f"Bearer {secret}"}
        self.http = httpx2.Client(base_url=url, headers=headers, trust_env=False, timeout=20)

    def post(self, path, body=None, *, key=None):
        """Post a body under a key, a new one by default."""
        headers = {"Idempotency-Key": key or str(new_id())}
        return self.http.post(path, json=body or {}, headers=headers)

    def get(self, path):
        """Return what is at a path."""
        return self.http.get(path).json()

    def admin(self, verb, body=None):
        """Call an admin verb."""
        return self.http.post(f"/admin/{verb}", json=body or {}).json()

    def faults(self, **faults):
        """Set what goes wrong by chance."""
        return self.http.put("/admin/faults", json=faults)

    def open(self, **values):
        """Open a payment, and return its path."""
        body = {
            "payment_id": str(new_id()),
            "order_id": str(new_id()),
            "number": 1042,
            "amount": 1990,
            "currency": "EUR",
            "installation": "tests",
            **values,
        }
        return f"/payments/{self.post('/payments', body).json()['id']}"

    def confirm(self, path, card, *, key=None):
        """Confirm a payment with a card, given by its last digits."""
        number = "4242424242424242" if card == "4242" else f"400000000000{card}"
        return self.post(f"{path}/confirm", {"payment_method": number}, key=key)

    def pay(self, card, **values):
        """Open and confirm a payment; return its path and the answer."""
        path = self.open(**values)
        return path, self.confirm(path, card)

    def charge(self):
        """Return the only charge of the ledger."""
        [charge] = self.get("/admin/ledger")["charges"]
        return charge

    def movements(self):
        """Return each time that money moved."""
        moved = self.get("/admin/ledger")["movements"]
        return [(one["kind"], one["amount"]) for one in moved]
