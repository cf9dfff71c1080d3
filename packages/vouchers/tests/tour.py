"""Use every operation of vouchers, for the examples of the API document."""

VOUCHER = {
    "name": "10 % off lamps",
    "kind": "percent",
    "ppm": 100_000,
    "code": "LAMPS10",
    "minimum_amounts": {"EUR": 5_000},
    "at_most_amounts": {"EUR": 3_000},
    "valid_until": "2030-12-31T23:00:00.000Z",
    "max_redemptions": 500,
    "max_redemptions_per_customer": 1,
}


def walk(tour):
    """Create, list, change and archive vouchers."""
    staff = {"token": tour.staff}
    made = tour.once("/v1/vouchers", 201, json=VOUCHER, **staff)
    tour.once("/v1/vouchers", 409, json=VOUCHER, **staff)
    query = {"code": VOUCHER["code"]}
    tour.send("GET", "/v1/vouchers", 200, query_string=query, **staff)
    at, version = f"/v1/vouchers/{made.json['id']}", {"If-Match": made.headers["ETag"]}
    tour.send("GET", at, 200, **staff)
    changes = {"max_redemptions": 600}
    changed = tour.send("PATCH", at, 200, json=changes, headers=version, **staff)
    tour.send("PATCH", at, 412, json=changes, headers=version, **staff)
    tour.send("GET", f"{at}/redemptions", 200, query_string={"limit": "1"}, **staff)
    version = {"If-Match": changed.headers["ETag"]}
    tour.send("DELETE", at, 204, headers=version, **staff)
