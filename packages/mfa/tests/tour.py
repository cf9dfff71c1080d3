"""Use every operation of mfa, and the logins with a second factor, for the examples of the API."""

import base64
import runpy
import time
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

Authenticator = runpy.run_path(str(Path(__file__).with_name("authenticator.py")))["Authenticator"]

ROOT = "/v1/users/me/mfa"
LOGIN = {"email": "david.novak@example.com", "password": "basket-of-figs-2611"}


def walk(tour):
    """Add an app, recovery codes and a passkey, log in with a code, and lose everything."""
    customer = {"token": log_in(tour)["access_token"]}
    tour.send("POST", "/v1/auth/step-up/challenge", 409, **customer)
    tour.send("POST", f"{ROOT}/recovery-codes", 409, **customer)
    add_app(tour, customer)
    codes = tour.send("POST", f"{ROOT}/recovery-codes", 201, **customer).json["codes"]
    add_passkey(tour, customer)
    challenged = log_in(tour)
    complete(tour, challenged, "ABCD-EFGH", 401)
    customer = {"token": complete(tour, challenged, codes[0], 200)["access_token"]}
    complete(tour, challenged, codes[1], 410)
    tour.send("POST", "/v1/auth/step-up/challenge", 200, **customer)
    app, _ = tour.send("GET", ROOT, 200, **customer).json["factors"]
    tour.send("DELETE", f"{ROOT}/{app['id']}", 204, **customer)
    lose_everything(tour)


def log_in(tour):
    """Log in with the password, and return the answer."""
    return tour.send("POST", "/v1/auth/login", 200, json=LOGIN).json


def complete(tour, challenged, code, expected):
    """Answer a challenge with a recovery code, and return the answer."""
    body = {"challenge": challenged["challenge"], "method": "recovery_code", "answer": code}
    return tour.send("POST", "/v1/auth/mfa", expected, json=body).json


def add_app(tour, customer):
    """Add an authenticator app."""
    new = tour.send("POST", f"{ROOT}/totp", 201, json={"label": "Phone"}, **customer).json
    app = TOTP(base64.b32decode(new["secret"]), 6, SHA1(), 30)  # noqa: S303 - what apps know
    body = {"id": new["id"], "code": "no code"}
    tour.send("POST", f"{ROOT}/totp/confirm", 422, json=body, **customer)
    body["code"] = app.generate(int(time.time())).decode()
    tour.send("POST", f"{ROOT}/totp/confirm", 200, json=body, **customer)


def add_passkey(tour, customer):
    """Add a passkey, with an authenticator in software."""
    begun = tour.send("POST", f"{ROOT}/passkeys/options", 200, **customer).json
    credential = Authenticator().create(begun["options"])
    body = {"challenge": begun["challenge"], "credential": credential, "name": "Laptop"}
    tour.send("POST", f"{ROOT}/passkeys", 201, json=body, **customer)
    tour.send("POST", f"{ROOT}/passkeys", 410, json=body, **customer)


def lose_everything(tour):
    """Let staff remove the factors of an owner who has lost them."""
    staff, query = {"token": tour.staff}, {"q": LOGIN["email"]}
    [user] = tour.send("GET", "/v1/users", 200, query_string=query, **staff).json["data"]
    path = f"/v1/users/{user['id']}/second-factor/reset"
    tour.send("POST", path, 204, json={"reason": "Lost phone"}, **staff)
    tour.tokens()
