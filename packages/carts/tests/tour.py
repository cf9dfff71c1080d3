"""Use every operation of carts, for the examples of the API document."""

GIFT_CARD = "GIFCAR-547-01"
EMAIL = "wim.walker@example.com"
ADDRESS = {
    "name": "Wim Walker",
    "line1": "1 Market Street",
    "line2": "Third floor",
    "city": "Bologna",
    "region": "Emilia-Romagna",
    "postal_code": "40121",
    "country": "IT",
}


def walk(tour):
    """Fill a guest's cart and order it; merge another one into a customer's."""
    found = tour.send("GET", "/v1/variants", 200, query_string={"sku": GIFT_CARD})
    variant_id = found.json["data"][0]["id"]
    at, guest = open_cart(tour)
    units = {"variant_id": variant_id, "quantity": 1}
    tour.once(f"{at}/lines", 200, json=units, headers=guest)
    line = f"{at}/lines/{variant_id}"
    tour.send("PUT", line, 200, json={"quantity": 2}, headers=guest)
    tour.send("DELETE", line, 200, headers=guest)
    tour.once(f"{at}/lines", 200, json=units, headers=guest)
    tour.send("PUT", f"{at}/codes", 200, json={"codes": ["SPRING"]}, headers=guest)
    cart = tour.send("GET", at, 200, headers=guest).json
    wishes = {"email": EMAIL, "shipping_address": ADDRESS}
    cart = tour.send("POST", f"{at}/quote", 200, json=wishes, headers=guest).json
    total = cart["totals"]["amount_total"]
    checkout = {**wishes, "expected_amount_total": total + 1}
    tour.send("POST", f"{at}/checkout", 409, json=checkout, headers=guest)
    checkout["expected_amount_total"] = total
    tour.send("POST", f"{at}/checkout", 200, json=checkout, headers=guest)
    merge(tour, units)


def open_cart(tour):
    """Open a cart of a guest; return its path, and the header with its token."""
    opened = tour.send("POST", "/v1/carts", 201, json={"currency": "EUR"}).json
    return f"/v1/carts/{opened['id']}", {"Cart-Token": opened["access_token"]}


def merge(tour, units):
    """Merge the cart of a guest into that of a customer."""
    at, guest = open_cart(tour)
    tour.once(f"{at}/lines", 200, json=units, headers=guest)
    body = {"cart_id": at.rpartition("/")[2]}
    tour.send("POST", "/v1/carts/merge", 200, json=body, headers=guest, token=tour.customer)
