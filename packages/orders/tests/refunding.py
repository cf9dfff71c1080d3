"""Requests for refunds."""


def refund(who, order, headers=None, **body):
    """Refund an order."""
    return who.post(f"/v1/orders/{order['id']}/refunds", json=body, headers=headers)


def lines(order, *quantities):
    """Return units of the lines of an order."""
    return [
        {"line_id": line["id"], "quantity": quantity}
        for line, quantity in zip(order["lines"], quantities, strict=True)
        if quantity
    ]


def amounts(who, order):
    """Return the payment status of an order, and what was refunded."""
    found = who.get(f"/v1/orders/{order['id']}").json
    return found["payment_status"], found["amount_refunded"]
