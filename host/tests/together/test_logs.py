"""The log of a whole shop has nothing that a reader of logs must not know."""

import io
import json
import logging
import re
from pathlib import Path

import pytest

from mercato_runtime.logs.formats import Formatter
from mercato_runtime.worker import run_once

from .shopping import PASSWORD, key, new_order, stock_variant

MAIL = """
[features.users]
[features.notifications.settings]
mail = "folder"
mail_folder = "{folder}"
"""

CONFIDENTIAL = {
    "access_token",
    "email",
    "guest_token",
    "line1",
    "password",
    "postal_code",
    "refresh_token",
    "token",
}
"""Members of requests and responses whose values must not be logged."""


@pytest.fixture
def written():
    """What the process logs during the test, everything of every library, as production does."""
    root, stream = logging.getLogger(), io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Formatter(as_json=True))
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


class Customer:
    """Sends requests, and remembers everything confidential that was sent or received."""

    def __init__(self, client):
        self._client = client
        self.secrets = {PASSWORD}
        self.headers = {}

    def send(self, method, path, **options):
        """Send a request and return the response."""
        headers = {**key(), **self.headers, **options.pop("headers", {})}
        answer = self._client.open(path, method=method, headers=headers, **options)
        self._remember(options.get("json"))
        self._remember(answer.json if answer.is_json else None)
        return answer

    def _remember(self, document):
        members = document.items() if isinstance(document, dict) else ()
        for name, value in members:
            if name in CONFIDENTIAL and isinstance(value, str):
                self.secrets.add(value)
            self._remember(value)


def token_in(folder):
    """Return the token of the newest mail that has one."""
    files = sorted(Path(folder).glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
    texts = (file.read_text().replace("=\n", "").replace("=3D", "=") for file in files)
    tokens = [found for text in texts for found in re.findall(r"token=([\w.~-]+)", text)]
    return tokens[-1]


class TestLog:
    def test_has_no_secrets(self, boot, write_deployment, create_user, tmp_path, written):
        """No password, token, e-mail or postal address is logged on the way of a customer."""
        folder = tmp_path / "mail"
        folder.mkdir()
        path = write_deployment("products", "orders", more=MAIL.format(folder=folder))
        app = boot(path)
        create_user(path, "staff@example.com", role="admin")
        customer = Customer(app.test_client())
        wanda = {"email": "wanda@example.com", "password": PASSWORD}

        def log_in(**member):
            tokens = customer.send("POST", "/v1/auth/login", json=wanda | member)
            if tokens.status_code == 200:
                bearer = f"Bearer {tokens.json['access_token']}"
                customer.headers = {"Authorization": bearer}
            return tokens

        log_in(email="staff@example.com")
        variant_id = stock_variant(app.test_client(), customer.headers, units=5)
        customer.headers = {}
        customer.send("POST", "/v1/users", json=wanda)
        run_once(app)
        verified = {"token": token_in(folder)}
        customer.send("POST", "/v1/users/verify-email", json=verified)
        assert log_in(password="another password of hers").status_code == 401
        tokens = log_in()
        assert tokens.status_code == 200
        customer.send("GET", "/v1/users/me")
        customer.send("GET", "/v1/users?q=wanda@example.com")
        customer.send("POST", "/v1/orders", json=new_order(variant_id, email=None))
        customer.headers = {}
        refresh = {"refresh_token": tokens.json["refresh_token"]}
        customer.send("POST", "/v1/auth/refresh", json=refresh)
        customer.send("POST", "/v1/auth/password/forgot", json={"email": wanda["email"]})
        run_once(app)
        reset = {"token": token_in(folder), "password": "a new password of hers"}
        for _ in range(2):
            customer.send("POST", "/v1/auth/password/reset", json=reset)
        guests = customer.send("POST", "/v1/orders", json=new_order(variant_id))
        assert guests.status_code == 201
        for token in (guests.json["access_token"], "1" * 64):
            customer.secrets.add(token)
            customer.send(
                "GET", f"/v1/orders/{guests.json['id']}", headers={"Order-Access-Token": token}
            )
        customer.send("GET", "/v1/orders?access_token=secret-in-a-query")
        customer.send("GET", "/secret-in-a-path")
        customer.send("GET", "/v1/users/me", headers={"Authorization": "Bearer secret-of-a-header"})
        customer.secrets |= {"secret-in-a-query", "secret-in-a-path", "secret-of-a-header"}
        run_once(app)

        lines = [json.loads(line) for line in written.getvalue().splitlines()]
        text = written.getvalue()
        assert [secret for secret in customer.secrets if secret in text] == []
        assert "@example.com" not in text
        assert len(customer.secrets) > 12
        events = {line["event"] for line in lines}
        assert {
            "request",
            "logged_in",
            "authentication_refused",
            "stock_changed",
            "price_changed",
            "password_reset",
            "access_refused",
        } <= events

    def test_a_secret_that_is_logged_is_found(self, written):
        """The walk above reads what any logger writes."""
        logging.getLogger("vendor.client").debug("login with %s", PASSWORD)

        assert PASSWORD in written.getvalue()
