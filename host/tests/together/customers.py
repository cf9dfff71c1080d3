"""A process of a customer, and of the employee who serves it: orders that take all ways at once.

It gets what it needs as JSON, and prints how often what was answered. It uses the
standard library only, so that it starts at once.
"""

import json
import random
import secrets
import sys
from collections import Counter
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from time import monotonic, sleep
from typing import Any

ANSWERED_WITHIN_SECONDS = 90
"""How long a request is repeated; a killed process delays it by 15 seconds."""

Body = Mapping[str, Any]


class Customer:
    """Places orders, pays, cancels and lets expire; staff sends, cancels and gives money back.

    Args:
        settings: ``port``, ``number``, ``seconds``, ``staff`` (headers), ``variants``, ``address``,
            ``provider``, ``methods`` (how often each payment method is used).
    """

    def __init__(self, settings: Body) -> None:
        self.settings = settings
        self.random = random.Random(settings["number"])  # noqa: S311 - it chooses products
        self.counted: Counter[str] = Counter()

    def run(self) -> Counter[str]:
        """Order until the time is over."""
        until = monotonic() + self.settings["seconds"]
        while monotonic() < until:
            order = self.send("order", "/v1/orders", self._order())
            if order is not None:
                self._go_on(order)
        return self.counted

    def _go_on(self, order: Body) -> None:
        path, guest = f"/v1/orders/{order['id']}", {"Order-Access-Token": order["access_token"]}
        choice = self.random.random()
        if choice < 0.1:
            # It expires.
            return
        if choice < 0.2:
            self.send("cancel", f"{path}/cancel", {}, guest)
            return
        paid = self._pay(path, guest) or self._pay(path, guest)
        if paid is None and self.random.random() < 0.5:
            self.send("cancel", f"{path}/cancel", {}, guest)
        elif paid is not None:
            self._serve(order, path, paid)

    def _pay(self, path: str, guest: Body) -> Any:
        methods = self.settings["methods"]
        (method,) = self.random.choices(list(methods), methods.values())
        new = {"provider": self.settings["provider"], "payment_method": method}
        return self.send("pay", f"{path}/payments", new, guest)

    def _serve(self, order: Body, path: str, paid: Body) -> None:
        """Do what staff does with an order, in any order, whether it is paid or not."""
        line = order["lines"][0]
        units = [{"line_id": line["id"], "quantity": 1}]
        every = [{"line_id": one["id"], "quantity": one["quantity"]} for one in order["lines"]]
        some = {"amount": max(1, order["amount_total"] // 3)}
        steps = [
            ("ship", f"{path}/fulfillments", {"lines": units}),
            ("ship", f"{path}/fulfillments", {"lines": every}),
            ("refund", f"{path}/refunds", {"lines": units, "restock": True}),
            ("refund", f"{path}/refunds", some),
            ("refund", f"{path}/refunds", {}),
            ("cancel", f"{path}/cancel", {}),
            ("cancel", f"{path}/cancel", {"lines": units}),
            ("void", f"/v1/payments/{paid['id']}/void", None),
            ("capture", f"/v1/payments/{paid['id']}/capture", {}),
        ]
        for step in self.random.sample(steps, k=self.random.randint(0, 3)):
            self.send(*step, self.settings["staff"])

    def _order(self) -> Body:
        chosen = self.random.sample(self.settings["variants"], k=self.random.randint(1, 3))
        return {
            "lines": [
                {"variant_id": each, "quantity": self.random.randint(1, 3)} for each in chosen
            ],
            "currency": "EUR",
            "email": f"customer-{self.settings['number']}@example.com",
            "shipping_address": self.settings["address"],
        }

    def send(self, what: str, path: str, body: Body | None, headers: Body | None = None) -> Any:
        """Post a request until it is answered; the key makes repeating it safe.

        Returns:
            What was answered; None unless it was done.
        """
        key = secrets.token_urlsafe(24)
        sent = {"Content-Type": "application/json", "Idempotency-Key": key, **(headers or {})}
        give_up = monotonic() + ANSWERED_WITHIN_SECONDS
        while monotonic() < give_up:
            status, answer = self._ask(path, body, sent)
            if status == 0 or status == 503 or answer.get("code") == "idempotency_in_progress":
                self.counted[f"sent again after {status or 'no answer'}"] += 1
                sleep(0.2)
                continue
            self.counted[f"{what} {status}"] += 1
            return answer if status < 300 else None
        self.counted[f"{what} without an answer"] += 1
        return None

    def _ask(self, path: str, body: Body | None, headers: Body) -> tuple[int, Any]:
        connection = HTTPConnection("127.0.0.1", self.settings["port"], timeout=30)
        try:
            text = None if body is None else json.dumps(body)
            connection.request("POST", path, text, dict(headers))
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, HTTPException, ValueError):
            return 0, {}
        finally:
            connection.close()


if __name__ == "__main__":
    json.dump(Customer(json.loads(sys.argv[1])).run(), sys.stdout)
