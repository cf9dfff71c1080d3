"""Use every operation of taxes, for the examples of the API document."""

RATE = {
    "country": "CA",
    "region": "BC",
    "tax_code": "standard",
    "code": "ca-bc-pst",
    "label": "PST 7 %",
    "ppm": 70_000,
    "reason": "standard",
    "valid_from": "2026-01-01T00:00:00Z",
}


def walk(tour):
    """List, create, change and delete rates."""
    staff = {"token": tour.staff}
    query = {"country": "DE"}
    tour.send("GET", "/v1/tax-rates", 200, query_string=query, **staff)
    made = tour.once("/v1/tax-rates", 201, json=RATE, **staff)
    tour.once("/v1/tax-rates", 409, json=RATE, **staff)
    at, version = f"/v1/tax-rates/{made.json['id']}", {"If-Match": made.headers["ETag"]}
    tour.send("GET", at, 200, **staff)
    end = {"valid_until": "2027-01-01T00:00:00Z"}
    changed = tour.send("PATCH", at, 200, json=end, headers=version, **staff)
    tour.send("PATCH", at, 412, json=end, headers=version, **staff)
    version = {"If-Match": changed.headers["ETag"]}
    tour.send("DELETE", at, 204, headers=version, **staff)
