"""Use every operation of shipping, for the examples of the API document."""

ZONE = {
    "code": "alps",
    "areas": [{"country": "AT", "postal_prefix": "6"}, {"country": "CH"}],
    "methods": [
        {
            "code": "standard",
            "label": "Standard",
            "tax_code": "standard",
            "days_min": 3,
            "days_max": 5,
            "rates": [
                {"currency": "EUR", "amount": 1490, "up_to_grams": 31_500},
                {"currency": "EUR", "amount": 0, "from_amount": 20_000},
            ],
        }
    ],
}


def walk(tour):
    """List, create, replace and delete zones."""
    staff = {"token": tour.staff}
    query = {"code": "world"}
    tour.send("GET", "/v1/shipping-zones", 200, query_string=query, **staff)
    made = tour.once("/v1/shipping-zones", 201, json=ZONE, **staff)
    tour.once("/v1/shipping-zones", 409, json=ZONE, **staff)
    tour.once("/v1/shipping-zones", 409, json=ZONE | {"code": "mountains"}, **staff)
    at, version = f"/v1/shipping-zones/{made.json['id']}", {"If-Match": made.headers["ETag"]}
    tour.send("GET", at, 200, **staff)
    mountains = ZONE | {"code": "mountains"}
    replaced = tour.send("PUT", at, 200, json=mountains, headers=version, **staff)
    tour.send("PUT", at, 412, json=mountains, headers=version, **staff)
    version = {"If-Match": replaced.headers["ETag"]}
    tour.send("DELETE", at, 204, headers=version, **staff)
