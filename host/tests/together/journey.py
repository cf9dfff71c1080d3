"""Use a real shop over HTTP as a client would: prints a line for each step, ends at an error.

``nox -s journey`` starts it on SQLite, ``nox -s journey -- --database postgresql`` on PostgreSQL.
"""

import argparse
import re
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx2
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

sys.path.insert(0, str(Path(__file__).parent))

from invariants import find_violations
from shop import Shop, free_port, running_shop

from mercato_testing.postgresql import running_server

DEPLOYMENT = Path(__file__).parents[2] / "deployments" / "development.toml"
MAIL_WITHIN_SECONDS = 20
PASSWORD = "a walk through the market"
ADDRESS = {
    "name": "Wanda Walker",
    "line1": "1 Market Street",
    "city": "Bologna",
    "postal_code": "40121",
    "country": "IT",
}


class Surprise(Exception):
    """A step had another result than a client expects."""


class Mailbox:
    """Stores the messages that the SMTP server receives."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def handle_DATA(  # noqa: N802 - the name aiosmtpd calls
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Store one message."""
        content = envelope.original_content or b""
        self.messages.append(message_from_bytes(content, policy=policy.default))
        return "250 kept"

    def wait_for(self, address: str) -> str:
        """Wait for a message to *address*, and return the text of the newest."""
        give_up_at = time.monotonic() + MAIL_WITHIN_SECONDS
        while time.monotonic() < give_up_at:
            for message in reversed(self.messages):
                if message["To"] == address:
                    return str(message.get_content())
            time.sleep(0.05)
        raise Surprise(f"no mail to {address} within {MAIL_WITHIN_SECONDS} s")


@contextmanager
def running_mailbox() -> Iterator[tuple[Mailbox, int]]:
    """Run an SMTP server on loopback; yields its mailbox and its port."""
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield mailbox, controller.port
    finally:
        controller.stop()


class Customer:
    """A customer with an HTTP client, and with a token after logging in."""

    def __init__(self, shop: Shop) -> None:
        self.http = httpx2.Client(base_url=shop.address, timeout=30)
        self.refresh_token = ""

    def send(self, method: str, path: str, expected: int, **options: Any) -> httpx2.Response:
        """Send a request and return the response.

        Raises:
            Surprise: The response has another status than *expected*.
        """
        answer = self.http.request(method, path, **options)
        if answer.status_code != expected:
            said = f"{answer.status_code} {answer.text}"
            raise Surprise(f"{method} {path} was to answer {expected}, but said {said}")
        return answer

    def log_in(self, email: str, password: str) -> None:
        """Log in, and send the token from now on."""
        body = {"email": email, "password": password}
        answer = self.send("POST", "/v1/auth/login", 200, json=body).json()
        self.take(answer)

    def take(self, tokens: dict[str, Any]) -> None:
        """Use the tokens of a response from now on."""
        self.http.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        self.refresh_token = tokens["refresh_token"]


def expect(fact: object, otherwise: str) -> None:
    """Continue if *fact* is true.

    Raises:
        Surprise: It does not.
    """
    if not fact:
        raise Surprise(otherwise)


def key() -> dict[str, str]:
    """Return the header of a new idempotency key."""
    return {"Idempotency-Key": secrets.token_urlsafe(24)}


class Journey:
    """The steps: each method is one, and its docstring is the line that is printed."""

    def __init__(self, shop: Shop, mailbox: Mailbox, engine: sa.Engine) -> None:
        self.shop, self.mailbox, self.engine = shop, mailbox, engine
        self.guest, self.customer, self.staff = Customer(shop), Customer(shop), Customer(shop)
        self.email = f"walker-{secrets.token_hex(4)}@example.com"
        self.variant: dict[str, Any] = {}
        self.order_request: dict[str, Any] = {}
        self.order_key = key()
        self.placed: httpx2.Response

    def steps(self) -> list[Callable[[], None]]:
        """Return the steps in order."""
        return [
            self.look_around,
            self.register,
            self.refused_before_the_mail_is_answered,
            self.take_the_link_from_the_mail,
            self.log_in,
            self.search,
            self.quote,
            self.order,
            self.pay,
            self.see_it_in_the_list,
            self.repeat_the_order,
            self.another_order_under_the_same_key,
            self.hide_it_from_others,
            self.staff_leaves_one_unit,
            self.buy_the_last_one_as_a_guest,
            self.run_out_of_stock,
            self.order_as_documented,
            self.refresh_and_leave,
            self.the_books_agree,
        ]

    def look_around(self) -> None:
        """Without an account, see the shop: products, prices, the documented API"""
        products = self.guest.send("GET", "/v1/products?limit=100&include=total", 200).json()
        expect(products["total"] >= 500, f"a full shop has 500 products, not {products['total']}")
        paths = self.guest.send("GET", "/openapi.json", 200).json()["paths"]
        expect("/v1/orders" in paths, "the API document does not tell of orders")
        self.guest.send("GET", "/docs", 200, follow_redirects=True)

    def register(self) -> None:
        """Register with an e-mail address"""
        body = {"email": self.email, "password": PASSWORD, "given_name": "Walker"}
        self.customer.send("POST", "/v1/users", 202, json=body)

    def refused_before_the_mail_is_answered(self) -> None:
        """Logging in before the address is verified is refused"""
        body = {"email": self.email, "password": PASSWORD}
        refused = self.customer.send("POST", "/v1/auth/login", 401, json=body).json()
        expect(refused["code"] == "invalid_credentials", f"an odd refusal: {refused}")

    def take_the_link_from_the_mail(self) -> None:
        """The mail arrives over SMTP; its link verifies the address"""
        link = re.search(r"token=([\w.~-]+)", self.mailbox.wait_for(self.email))
        expect(link, "the mail has no link")
        token = link[1] if link else ""
        self.customer.send("POST", "/v1/users/verify-email", 204, json={"token": token})

    def log_in(self) -> None:
        """Log in, and be known"""
        self.customer.log_in(self.email, PASSWORD)
        me = self.customer.send("GET", "/v1/users/me", 200).json()
        expect(me["email"] == self.email, f"the shop takes us for {me}")

    def search(self) -> None:
        """Search the catalogue, and choose something in stock"""
        for product in self.guest.send("GET", "/v1/products", 200).json()["data"]:
            word = max(product["name"].split(), key=len)
            query = {"q": word, "in_stock": "true", "currency": "EUR", "sort": "price"}
            for found in self.customer.send("GET", "/v1/products", 200, params=query).json()[
                "data"
            ]:
                detail = self.customer.send("GET", f"/v1/products/{found['id']}", 200).json()
                if variant := self._counted_and_there(detail["variants"]):
                    self.variant = variant
                    return
        raise Surprise("nothing that is counted has two units in stock")

    def _counted_and_there(self, variants: list[dict[str, Any]]) -> dict[str, Any] | None:
        for variant in [variant for variant in variants if variant["track_inventory"]]:
            body = {"lines": [{"variant_id": variant["id"], "quantity": 2}], "currency": "EUR"}
            if not self.guest.send("POST", "/v1/orders/quote", 200, json=body).json()["warnings"]:
                return variant
        return None

    def quote(self) -> None:
        """Ask for a price, and choose how it is sent; a quote promises nothing"""
        self.order_request = self._priced(self.customer, 2)

    def _priced(self, buyer: Customer, quantity: int) -> dict[str, Any]:
        """Return the request of an order at the price of its quote."""
        body: dict[str, Any] = {
            "lines": [{"variant_id": self.variant["id"], "quantity": quantity}],
            "currency": "EUR",
            "shipping_address": ADDRESS,
        }
        quoted = buyer.send("POST", "/v1/orders/quote", 200, json=body).json()
        if methods := quoted["shipping_methods"]:
            body["shipping_method"] = methods[0]["code"]
            quoted = buyer.send("POST", "/v1/orders/quote", 200, json=body).json()
            shipping = quoted["amount_shipping"]
            expect(shipping == methods[0]["amount"], f"{methods[0]} costs {shipping} in the quote")
        return {**body, "expected_amount_total": quoted["amount_total"]}

    def order(self) -> None:
        """Order it, at the price that was quoted"""
        self.placed = self.customer.send(
            "POST", "/v1/orders", 201, json=self.order_request, headers=self.order_key
        )
        order = self.placed.json()
        expect(order["status"] == "open", f"the order is {order['status']}")
        total, quoted = order["amount_total"], self.order_request["expected_amount_total"]
        expect(total == quoted, f"the price is {total}, and the quote's was {quoted}")

    def pay(self) -> None:
        """Pay it"""
        path = f"/v1/orders/{self.placed.json()['id']}/payments"
        body = {"provider": "manual"}
        payment = self.customer.send("POST", path, 201, json=body, headers=key()).json()
        expect(payment["status"] == "captured", f"the payment is {payment['status']}")

    def see_it_in_the_list(self) -> None:
        """See it in the list of orders, paid"""
        orders = self.customer.send("GET", "/v1/orders", 200).json()["data"]
        states = [(order["id"], order["payment_status"]) for order in orders]
        expect(states == [(self.placed.json()["id"], "paid")], f"the list says {states}")

    def repeat_the_order(self) -> None:
        """Send the order again under its key: the same answer, no second order"""
        again = self.customer.send(
            "POST", "/v1/orders", 201, json=self.order_request, headers=self.order_key
        )
        expect(again.content == self.placed.content, "the repeated order was answered otherwise")
        expect(again.headers.get("Idempotency-Replayed") == "true", "the replay does not say so")
        orders = self.customer.send("GET", "/v1/orders", 200).json()["data"]
        expect(len(orders) == 1, f"one key made {len(orders)} orders")

    def another_order_under_the_same_key(self) -> None:
        """Send another order under that key: refused"""
        other = {**self.order_request, "note": "and a bag"}
        refused = self.customer.send(
            "POST", "/v1/orders", 422, json=other, headers=self.order_key
        ).json()
        expect(refused["code"] == "idempotency_key_reused", f"an odd refusal: {refused}")

    def hide_it_from_others(self) -> None:
        """Others cannot tell that the order exists"""
        self.guest.send("GET", f"/v1/orders/{self.placed.json()['id']}", 404)
        forged = {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."}
        refused = self.guest.send("GET", "/v1/orders", 401, headers=forged)
        expect("WWW-Authenticate" in refused.headers, "the refusal does not say how to log in")

    def staff_leaves_one_unit(self) -> None:
        """Staff, made on the command line, counts the shelf and leaves one unit"""
        email = f"staff-{secrets.token_hex(4)}@example.com"
        self.shop.run("users", "create", email, "--role", "admin", typed=PASSWORD + "\n")
        self.staff.log_in(email, PASSWORD)
        query = {"variant_ids": self.variant["id"]}
        levels = self.staff.send("GET", "/v1/stock-levels", 200, params=query).json()["data"]
        level = levels[0]
        body = {
            "adjustments": [
                {
                    "variant_id": self.variant["id"],
                    "set_to": level["reserved"] + 1,
                    "expected_on_hand": level["on_hand"],
                    "reason": "counted",
                }
            ]
        }
        self.staff.send("POST", "/v1/stock-adjustments", 201, json=body, headers=key())

    def buy_the_last_one_as_a_guest(self) -> None:
        """A guest buys the last one, and reads the order with its secret"""
        placed = self.guest.send(
            "POST", "/v1/orders", 201, json=self._one_for("guest@example.com"), headers=key()
        ).json()
        secret = {"Order-Access-Token": placed["access_token"]}
        self.guest.send("GET", f"/v1/orders/{placed['id']}", 200, headers=secret)

    def run_out_of_stock(self) -> None:
        """The next buyer is refused, with the variant that is short"""
        refused = self.guest.send(
            "POST", "/v1/orders", 409, json=self._one_for("late@example.com"), headers=key()
        ).json()
        expect(refused["code"] == "insufficient_stock", f"an odd refusal: {refused}")

    def order_as_documented(self) -> None:
        """The example of the API document places an order"""
        document = self.guest.send("GET", "/openapi.json", 200).json()
        shown = document["paths"]["/v1/orders"]["post"]
        body = shown["requestBody"]["content"]["application/json"]["example"]
        self.guest.send("POST", "/v1/orders", 201, json=body, headers=key())

    def _one_for(self, email: str) -> dict[str, Any]:
        return {**self._priced(self.guest, 1), "email": email}

    def refresh_and_leave(self) -> None:
        """Refresh the token, and log out"""
        body = {"refresh_token": self.customer.refresh_token}
        self.customer.take(self.customer.send("POST", "/v1/auth/refresh", 200, json=body).json())
        self.customer.send("POST", "/v1/auth/logout", 204)
        self.customer.send("GET", "/v1/users/me", 401)

    def the_books_agree(self) -> None:
        """The books agree: stock, reservations, orders, payments and events"""
        violations = find_violations(self.engine)
        expect(not violations, "\n".join(violations))


def walk(database: str) -> None:
    """Set up a shop on *database* and run all steps.

    Raises:
        Surprise: A step had another result than expected.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if database == "postgresql":
            server = stack.enter_context(running_server(folder))
            url = server.create_database("journey")
        else:
            url = f"sqlite:///{folder}/journey.db"
        mailbox, smtp_port = stack.enter_context(running_mailbox())
        started = time.monotonic()
        environ = _environ(url, smtp_port)
        setup = (("db", "upgrade"), ("seed",))
        shop = stack.enter_context(running_shop(DEPLOYMENT, environ, setup=setup))
        print(f"      the shop is open on {database} ({time.monotonic() - started:.1f} s)")
        engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
        for number, step in enumerate(Journey(shop, mailbox, engine).steps(), start=1):
            step()
            print(f"  {number:2d}  {step.__doc__}", flush=True)


def _environ(database_url: str, smtp_port: int) -> dict[str, str]:
    users = "MERCATO_FEATURES__USERS__SETTINGS__"
    return {
        "MERCATO_DATABASE__URL": database_url,
        f"{users}MAIL": "smtp",
        f"{users}SMTP_HOST": "127.0.0.1",
        f"{users}SMTP_PORT": str(smtp_port),
    }


def main() -> int:
    """Run all steps, and return the exit status."""
    parser = argparse.ArgumentParser(prog="nox -s journey --", description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    database = parser.parse_args().database
    try:
        walk(database)
    except (Surprise, RuntimeError) as surprise:
        print(f"surprise: {surprise}", file=sys.stderr)
        return 1
    print("the journey ends well")
    return 0


if __name__ == "__main__":
    sys.exit(main())
