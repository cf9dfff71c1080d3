"""Use every operation of reviews, for the examples of the API document."""

OPINION = {
    "rating": 4,
    "title": "Warm light",
    "text": "It stands well and the switch is quiet.",
    "author_name": "Wim",
}


def walk(tour):
    """Write a review of what was bought, change, hide, publish and delete it."""
    customer, staff = {"token": tour.customer}, {"token": tour.staff}
    body = {**OPINION, "product_id": bought_product(tour)}
    made = tour.once("/v1/reviews", 201, json=body, **customer)
    tour.once("/v1/reviews", 409, json=body, **customer)
    at = f"/v1/reviews/{made.json['id']}"
    tour.send("GET", "/v1/reviews", 200, query_string={"product_id": body["product_id"]})
    tour.send("GET", "/v1/reviews/mine", 200, **customer)
    tour.send("GET", at, 200)
    version = {"If-Match": made.headers["ETag"]}
    tour.send("PATCH", at, 200, json={"rating": 5}, headers=version, **customer)
    tour.send("PATCH", at, 412, json={"rating": 5}, headers=version, **customer)
    tour.send("POST", f"{at}/hide", 200, json={"reason": "It names a person."}, **staff)
    shown = tour.send("POST", f"{at}/publish", 200, **staff)
    version = {"If-Match": f'"{shown.json["version"]}"'}
    tour.send("DELETE", at, 204, headers=version, **customer)


def bought_product(tour):
    """Return the product in an order that the customer has paid."""
    query = {"payment_status": "paid"}
    orders = tour.send("GET", "/v1/orders", 200, query_string=query, token=tour.customer).json
    order = tour.send("GET", f"/v1/orders/{orders['data'][0]['id']}", 200, token=tour.customer)
    return order.json["lines"][0]["product_id"]
