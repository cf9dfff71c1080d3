"""Use what people and staff do with accounts, for the examples of the API document."""

EMAIL, PASSWORD = "chiara.rossi@example.com", "basket-of-figs-2611"
NEW_EMAIL, NEW_PASSWORD = "chiara@example.org", "two baskets of ripe figs"
LEAVING = "george.miller@example.com"
ADDRESS = {
    "name": "Chiara Rossi",
    "line1": "Via Zamboni 33",
    "city": "Bologna",
    "region": "BO",
    "postal_code": "40126",
    "country": "IT",
    "phone_number": "+390512099999",
    "is_default_shipping": True,
}


def walk(tour):
    """Use the own account of a customer, then roles and accounts of others as an admin."""
    customer = log_in(tour, EMAIL, PASSWORD)
    use_address_book(tour, customer)
    use_sessions(tour, customer)
    change_credentials(tour, customer)
    use_roles(tour)
    use_api_keys(tour)
    use_invitations(tour)
    export_and_close(tour)
    fail_to_log_in(tour)


def log_in(tour, email, password):
    """Log in, and return the options of requests of this person."""
    body = {"email": email, "password": password, "device_name": "Chiara's phone"}
    return {"token": tour.send("POST", "/v1/auth/login", 200, json=body).json["access_token"]}


def fail_to_log_in(tour):
    """Use up the attempts of an account, and ask for a link to log in."""
    body = {"email": "unknown@example.com", "password": "not the password"}
    for status in [401] * 10 + [429]:
        tour.send("POST", "/v1/auth/login", status, json=body)
    tour.send("POST", "/v1/auth/login-link", 202, json={"email": "unknown@example.com"})


def use_address_book(tour, customer):
    """Add, read, change and delete an address."""
    book = "/v1/users/me/addresses"
    made = tour.send("POST", book, 201, json=ADDRESS, **customer)
    at, headers = f"{book}/{made.json['id']}", {"If-Match": made.headers["ETag"]}
    tour.send("GET", book, 200, **customer)
    tour.send("GET", at, 200, **customer)
    tour.send("PATCH", at, 200, json={"line2": "Second floor"}, headers=headers, **customer)
    tour.send("PATCH", at, 412, json={"line2": None}, headers=headers, **customer)
    tour.send("DELETE", at, 204, **customer)
    tour.send("GET", at, 404, **customer)


def use_sessions(tour, customer):
    """List sessions, end one and all others, and make this one fresh."""
    log_in(tour, EMAIL, PASSWORD)
    listed = tour.send("GET", "/v1/users/me/sessions", 200, **customer).json["data"]
    [other, *_] = [one["id"] for one in listed if not one["current"]]
    tour.send("DELETE", f"/v1/users/me/sessions/{other}", 204, **customer)
    tour.send("DELETE", f"/v1/users/me/sessions/{other}", 404, **customer)
    tour.send("DELETE", "/v1/users/me/sessions", 204, **customer)
    tour.send("POST", "/v1/auth/step-up", 200, json={"password": PASSWORD}, **customer)
    wrong = {"password": "not the password"}
    tour.send("POST", "/v1/auth/step-up", 401, json=wrong, **customer)


def change_credentials(tour, customer):
    """Change the password and the address, and change the address back."""
    tour.tokens()
    body = {"current_password": PASSWORD, "password": NEW_PASSWORD}
    tour.send("PUT", "/v1/users/me/password", 204, json=body, **customer)
    tour.send("PUT", "/v1/users/me/password", 401, json=body, **customer)
    tour.tokens()
    body = {"email": NEW_EMAIL, "current_password": NEW_PASSWORD}
    tour.send("PUT", "/v1/users/me/email", 202, json=body, **customer)
    link, _ = tour.tokens()
    confirm, undo = "/v1/users/me/email/confirm", "/v1/users/me/email/undo"
    tour.send("POST", confirm, 204, json={"token": link})
    tour.send("POST", confirm, 410, json={"token": link})
    [link] = tour.tokens()
    tour.send("GET", "/v1/users/me/audit-events", 200, query_string={"limit": "2"}, **customer)
    tour.send("POST", undo, 204, json={"token": link})
    tour.send("POST", undo, 410, json={"token": link})
    tour.tokens()


def use_api_keys(tour):
    """Make an API key, use, change, roll and revoke it."""
    staff = {"token": tour.staff}
    body = {"name": "Stock sync", "scopes": ["stock.read", "users.read"]}
    made = tour.once("/v1/api-keys", 201, json=body, **staff)
    at, headers = f"/v1/api-keys/{made.json['id']}", {"If-Match": made.headers["ETag"]}
    tour.send("GET", "/v1/api-keys", 200, **staff)
    tour.send("GET", at, 200, **staff)
    tour.send("PATCH", at, 200, json={"scopes": ["stock.read"]}, headers=headers, **staff)
    tour.send("PATCH", at, 412, json={"scopes": []}, headers=headers, **staff)
    by_key = {"token": made.json["key"]}
    tour.send("GET", "/v1/api-keys", 403, **by_key)
    tour.send("POST", f"{at}/roll", 201, json={"overlap_seconds": 3600}, **staff)
    tour.send("POST", f"{at}/roll", 409, json={}, **staff)
    tour.send("DELETE", at, 204, **staff)


def use_invitations(tour):
    """Invite to a role, send the link again, accept one invitation and revoke another."""
    staff = {"token": tour.staff}
    body = {"name": "stockists", "permissions": ["stock.read"]}
    tour.send("POST", "/v1/roles", 201, json=body, **staff)
    body = {"email": "ada@example.org", "roles": ["stockists"]}
    made = tour.once("/v1/invitations", 201, json=body, **staff)
    tour.once("/v1/invitations", 409, json=body, **staff)
    at = f"/v1/invitations/{made.json['id']}"
    tour.tokens()
    tour.send("POST", f"{at}/resend", 200, **staff)
    tour.send("GET", "/v1/invitations", 200, **staff)
    tour.send("GET", at, 200, **staff)
    [link] = tour.tokens()
    accepted = {"token": link, "password": NEW_PASSWORD}
    tour.send("POST", "/v1/invitations/accept", 204, json=accepted)
    tour.send("POST", "/v1/invitations/accept", 410, json=accepted)
    tour.send("DELETE", at, 409, **staff)
    other = tour.once("/v1/invitations", 201, json={**body, "email": "bo@example.org"}, **staff)
    tour.send("DELETE", f"/v1/invitations/{other.json['id']}", 204, **staff)
    tour.tokens()


def export_and_close(tour):
    """Export the data of another customer, close the account and keep it; then staff erases it."""
    customer = log_in(tour, LEAVING, PASSWORD)
    tour.tokens()
    export = tour.once("/v1/users/me/export", 202, **customer).headers["Location"]
    tour.tokens()
    tour.send("GET", export, 200, **customer)
    tour.send("GET", f"{export}/file", 200, **customer)
    headers = {"Idempotency-Key": "close-the-account-0417"}
    wrong, right = ({"current_password": one} for one in ("not the password", PASSWORD))
    tour.send("DELETE", "/v1/users/me", 401, json=wrong, headers=headers, **customer)
    tour.send("DELETE", "/v1/users/me", 202, json=right, headers=headers, **customer)
    [link] = tour.tokens()
    tour.send("POST", "/v1/users/me/erasure/cancel", 204, json={"token": link})
    tour.send("POST", "/v1/users/me/erasure/cancel", 410, json={"token": link})
    query, staff = {"q": LEAVING}, {"token": tour.staff}
    [user] = tour.send("GET", "/v1/users", 200, query_string=query, **staff).json["data"]
    at, reason = f"/v1/users/{user['id']}", {"reason": "Asked by letter"}
    tour.once(f"{at}/export", 202, **staff)
    tour.once(f"{at}/erase", 202, json=reason, **staff)
    tour.once(f"{at}/erase", 409, json=reason, **staff)
    tour.tokens()


def use_roles(tour):
    """Make, change, give and delete a role."""
    staff = {"token": tour.staff}
    tour.send("GET", "/v1/permissions", 200, **staff)
    body = {"name": "packers", "permissions": ["orders.fulfill", "orders.read"]}
    made = tour.send("POST", "/v1/roles", 201, json=body, **staff)
    tour.send("POST", "/v1/roles", 409, json=body, **staff)
    at, headers = f"/v1/roles/{made.json['id']}", {"If-Match": made.headers["ETag"]}
    body = {"permissions": ["orders.fulfill", "orders.read", "stock.read"]}
    tour.send("PATCH", at, 200, json=body, headers=headers, **staff)
    tour.send("GET", at, 200, **staff)
    [admin, *_] = tour.send("GET", "/v1/roles", 200, **staff).json["data"]
    system, headers = f"/v1/roles/{admin['id']}", {"If-Match": '"1"'}
    tour.send("PATCH", system, 409, json=body, headers=headers, **staff)
    give_and_delete(tour, at)


def give_and_delete(tour, role):
    """Give the role to an account and take it, end its sessions, and delete the role."""
    staff = {"token": tour.staff}
    query = {"q": EMAIL}
    [user] = tour.send("GET", "/v1/users", 200, query_string=query, **staff).json["data"]
    at, headers = f"/v1/users/{user['id']}", {"If-Match": f'"{user["version"]}"'}
    given = tour.send("PATCH", at, 200, json={"roles": ["packers"]}, headers=headers, **staff)
    tour.send("DELETE", role, 409, **staff)
    headers = {"If-Match": given.headers["ETag"]}
    tour.send("PATCH", at, 200, json={"roles": []}, headers=headers, **staff)
    tour.send("POST", f"{at}/revoke-sessions", 204, json={"reason": "Lost phone"}, **staff)
    tour.send("GET", f"{at}/audit-events", 200, query_string={"limit": "2"}, **staff)
    tour.send("GET", "/v1/audit-events", 200, query_string={"limit": "2"}, **staff)
    tour.send("DELETE", role, 204, **staff)
