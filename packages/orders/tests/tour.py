"""Change, send, refund and claim orders, for the examples of the API document."""

EMAIL = "olga.order@example.com"
ADDRESS = {
    "name": "Olga Order",
    "line1": "1 Market Street",
    "line2": "Third floor",
    "city": "Bologna",
    "region": "Emilia-Romagna",
    "postal_code": "40121",
    "country": "IT",
}


def walk(tour):
    """Correct an order, pay it, send it in parcels, give a part back; claim another one."""
    order, guest = place(tour)
    at = f"/v1/orders/{order['id']}"
    change(tour, at, guest)
    staff = {"token": tour.staff}
    units = [{"line_id": order["lines"][0]["id"], "quantity": 1}]
    tour.once(f"{at}/fulfillments", 409, json={"lines": units}, **staff)
    tour.once(f"{at}/payments", 201, json={"provider": "manual"}, **staff)
    send(tour, at, units)
    give_back(tour, at, units)
    claim(tour)
    ask_for_data(tour, order["id"], guest)


def place(tour):
    """Place an order of two units as a guest; return it, and the header with its token."""
    listed = tour.send("GET", "/v1/stock-levels", 200, token=tour.staff)
    many = next(level for level in listed.json["data"] if level["available"] > 9)
    body = {
        "lines": [{"variant_id": many["variant_id"], "quantity": 2}],
        "currency": "EUR",
        "email": EMAIL,
        "shipping_address": ADDRESS,
        "shipping_method": "shipping.standard",
    }
    order = tour.once("/v1/orders", 201, json=body).json
    return order, {"Order-Access-Token": order["access_token"]}


def change(tour, at, guest):
    """Change the note of an order, and write another one into its timeline."""
    note = {"note": "Please ring twice"}
    tour.send("PATCH", at, 200, json=note, headers={**guest, "If-Match": '"1"'})
    tour.send("PATCH", at, 412, json=note, headers={**guest, "If-Match": '"1"'})
    called = {"text": "Called: will be at home on Friday", "is_public": False}
    tour.send("POST", f"{at}/notes", 201, json=called, token=tour.staff)


def send(tour, at, units):
    """Send one unit, which arrives, and another one, which comes back to the shelf."""
    staff = {"token": tour.staff}
    parcel = {"lines": units, "tracking_company": "DHL", "tracking_number": "00340434161094"}
    sent = tour.once(f"{at}/fulfillments", 201, json=parcel, **staff)
    tour.send("GET", f"{at}/fulfillments", 200, **staff)
    one = f"/v1/fulfillments/{sent.json['id']}"
    version = {"If-Match": tour.send("GET", one, 200, **staff).headers["ETag"]}
    tracking = {"tracking_number": "00340434161095"}
    tour.send("PATCH", one, 200, json=tracking, headers=version, **staff)
    tour.send("POST", f"{one}/deliver", 200, **staff)
    tour.send("POST", f"{one}/cancel", 409, **staff)
    other = tour.once(f"{at}/fulfillments", 201, json={"lines": units}, **staff)
    tour.once(f"{at}/fulfillments", 409, json={"lines": units}, **staff)
    tour.send("POST", f"/v1/fulfillments/{other.json['id']}/cancel", 200, **staff)


def give_back(tour, at, units):
    """Give the money of the unit back that was sent, and ask for too much."""
    staff = {"token": tour.staff}
    returned = {"lines": units, "reason": "Wrong colour", "restock": True}
    refund = tour.once(f"{at}/refunds", 201, json=returned, **staff).json
    tour.once(f"{at}/refunds", 409, json={"amount": 10**9}, **staff)
    tour.send("GET", f"{at}/refunds", 200, query_string={"limit": "1"}, **staff)
    tour.send("GET", f"{at}/refunds/{refund['id']}", 200, **staff)


def claim(tour):
    """Put a guest's order into the account of a customer."""
    order, guest = place(tour)
    proof = {"number": order["number"], "access_token": guest["Order-Access-Token"]}
    tour.once("/v1/orders/claim", 200, json=proof, token=tour.customer)
    tour.once("/v1/orders/claim", 404, json=proof, token=tour.customer)


def ask_for_data(tour, order_id, guest):
    """Ask for the data of a guest: by the secret of an order, and by a mailed link."""
    requests = "/v1/privacy/requests"
    body = {"kind": "export", "order_id": order_id}
    tour.send("POST", requests, 404, json=body)
    asked = tour.send("POST", requests, 202, json=body, headers=guest).json
    tour.tokens()
    secret = {"Privacy-Access-Token": asked["access_token"]}
    tour.send("GET", f"{requests}/{asked['id']}", 404)
    tour.send("GET", f"{requests}/{asked['id']}", 200, headers=secret)
    tour.send("GET", f"{requests}/{asked['id']}/file", 200, headers=secret)
    tour.send("POST", requests, 202, json={"kind": "erase", "email": EMAIL})
    [link] = tour.tokens()
    tour.send("POST", f"{requests}/confirm", 202, json={"token": link})
    tour.send("POST", f"{requests}/confirm", 410, json={"token": "not a link"})
