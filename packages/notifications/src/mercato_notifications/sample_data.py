"""Sample data: a mail that the worker writes, so that the mailbox is not empty."""

from typing import Any

from mercato_kit.db import utc_now
from mercato_notifications import services
from mercato_notifications.values import Posted


def make_sample_data(_samples: dict[str, list[Any]]) -> list[str]:
    """Post the mail of a sample order, once."""
    services.post(
        Posted(
            key="sample",
            template="notifications.order_placed",
            to="ada@example.com",
            locale="en-GB",
            context={
                "order_id": "01981f2e-7a61-7000-8000-000000000001",
                "number": 1001,
                "happened_at": utc_now().isoformat(),
                "currency": "EUR",
                "tax_included": True,
                "amount_subtotal": 7900,
                "amount_discount": 0,
                "amount_shipping": 490,
                "amount_tax": 1340,
                "amount_total": 8390,
                "lines": [{"name": "Desk lamp", "quantity": 1, "amount": 7900}],
            },
        )
    )
    return ["a mail about an order, to ada@example.com"]
