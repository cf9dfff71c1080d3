"""Use a real shop over HTTP as a client would: prints a line for each step, ends at an error.

``nox -s journey`` starts it on SQLite, ``nox -s journey -- --database postgresql`` on PostgreSQL.
"""

import argparse
import re
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parent))

from customer import Customer, Surprise, expect, key, wait_for
from invariants import find_violations, find_violations_of_ledger
from mail_server import Mailbox, running_mailbox
from shop import BANK_SECRET, Shop, free_port, running_sandbox, running_shop

from mercato_testing.postgresql import running_server

DEPLOYMENT = Path(__file__).parents[2] / "deployments" / "development.toml"
PASSWORD = "a walk through the market"
ADDRESS = {
    "name": "Wanda Walker",
    "line1": "1 Market Street",
    "city": "Bologna",
    "postal_code": "40121",
    "country": "IT",
}
VOUCHER = "WELCOME10"
DECLINED = "4000 0000 0000 0002"
ASKS_FOR_3D_SECURE = "4000 0000 0000 3220"
THANKS = "https://shop.example/thanks"


class Journey:
    """The steps: each method is one, and its docstring is the line that is printed."""

    def __init__(
        self, shop: Shop, mailbox: Mailbox, sandbox: httpx2.Client, engine: sa.Engine
    ) -> None:
        self.shop, self.mailbox, self.engine = shop, mailbox, engine
        self.sandbox = sandbox
        self.guest, self.customer, self.staff = Customer(shop), Customer(shop), Customer(shop)
        self.email = f"walker-{secrets.token_hex(4)}@example.com"
        self.variants: list[dict[str, Any]] = []
        self.order_request: dict[str, Any] = {}
        self.order_key = key()
        self.placed: httpx2.Response
        self.refunded = 0

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
            self.be_declined,
            self.pay,
            self.see_it_in_the_list,
            self.repeat_the_order,
            self.another_order_under_the_same_key,
            self.hide_it_from_others,
            self.staff_leaves_one_unit,
            self.buy_the_last_one_as_a_guest,
            self.run_out_of_stock,
            self.send_two_parcels,
            self.take_one_line_back,
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
        """Search the catalogue, and choose two things in stock"""
        for product in self.guest.send("GET", "/v1/products", 200).json()["data"]:
            word = max(product["name"].split(), key=len)
            query = {"q": word, "in_stock": "true", "currency": "EUR", "sort": "price"}
            for found in self.customer.send("GET", "/v1/products", 200, params=query).json()[
                "data"
            ]:
                detail = self.customer.send("GET", f"/v1/products/{found['id']}", 200).json()
                if variant := self._counted_and_there(detail["variants"]):
                    self.variants.append(variant)
                    break
            if len(self.variants) == 2:
                return
        raise Surprise("no two things that are counted have two units in stock")

    def _counted_and_there(self, variants: list[dict[str, Any]]) -> dict[str, Any] | None:
        chosen = [variant["id"] for variant in self.variants]
        for variant in variants:
            if not variant["track_inventory"] or variant["id"] in chosen:
                continue
            body = {"lines": [{"variant_id": variant["id"], "quantity": 2}], "currency": "EUR"}
            if not self.guest.send("POST", "/v1/orders/quote", 200, json=body).json()["warnings"]:
                return variant
        return None

    def quote(self) -> None:
        """Ask for a price with a voucher, and choose how it is sent; a quote promises nothing"""
        self.order_request = self._priced(self.customer, 2, 1, discount_codes=[VOUCHER])

    def _priced(self, buyer: Customer, *quantities: int, **more: Any) -> dict[str, Any]:
        """Return the request of an order at the price of its quote."""
        body: dict[str, Any] = {
            "lines": [
                {"variant_id": variant["id"], "quantity": quantity}
                for variant, quantity in zip(self.variants, quantities, strict=False)
            ],
            "currency": "EUR",
            "shipping_address": ADDRESS,
            **more,
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
        parts = {name: order[f"amount_{name}"] for name in ("discount", "shipping", "tax")}
        expect(all(parts.values()), f"a part of the price is missing: {parts}")

    def be_declined(self) -> None:
        """A card is declined; the order can still be paid"""
        refused = self._pay(402, DECLINED)
        expect(refused["code"] == "payment_declined", f"an odd refusal: {refused}")

    def pay(self) -> None:
        """Pay it: the bank asks with 3-D Secure, and tells the shop that it was approved"""
        payment = self._pay(201, ASKS_FOR_3D_SECURE)
        expect(payment["status"] == "requires_action", f"the payment is {payment['status']}")
        page = payment["next_action"]["url"]
        expect("Approve" in self.sandbox.get(page).text, "the bank does not ask")
        back = self.sandbox.post(page, data={"answer": "approve"})
        expect(back.headers.get("location") == THANKS, "the bank does not send us back")
        path = f"{self._order_path()}/payments/{payment['id']}"
        wait_for(
            lambda: self.customer.send("GET", path, 200).json()["status"] == "captured",
            "the shop does not hear of the payment",
        )

    def _pay(self, expected: int, card: str) -> dict[str, Any]:
        body = {"provider": "sandbox", "payment_method": card, "return_url": THANKS}
        path = f"{self._order_path()}/payments"
        answer: dict[str, Any] = self.customer.send(
            "POST", path, expected, json=body, headers=key()
        ).json()
        return answer

    def _order_path(self) -> str:
        return f"/v1/orders/{self.placed.json()['id']}"

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
        query = {"variant_ids": self.variants[0]["id"]}
        levels = self.staff.send("GET", "/v1/stock-levels", 200, params=query).json()["data"]
        level = levels[0]
        body = {
            "adjustments": [
                {
                    "variant_id": self.variants[0]["id"],
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

    def send_two_parcels(self) -> None:
        """Staff sends the order in two parcels, and it is completed"""
        first, second = self.placed.json()["lines"]
        for line, expected in ((second, "open"), (first, "completed")):
            body = {"lines": [{"line_id": line["id"], "quantity": line["quantity"]}]}
            path = f"{self._order_path()}/fulfillments"
            parcel = self.staff.send("POST", path, 201, json=body, headers=key()).json()
            expect(parcel["status"] == "shipped", f"the parcel is {parcel['status']}")
            order = self.customer.send("GET", self._order_path(), 200).json()
            expect(order["status"] == expected, f"the order is {order['status']}")

    def take_one_line_back(self) -> None:
        """One line comes back, and its money is returned"""
        line = self.placed.json()["lines"][1]
        body = {"lines": [{"line_id": line["id"], "quantity": 1}], "restock": True}
        path = f"{self._order_path()}/refunds"
        refund = self.staff.send("POST", path, 201, json=body, headers=key()).json()
        self.refunded = line["amount_total"]
        said = (refund["status"], refund["amount"])
        expect(said == ("succeeded", self.refunded), f"the refund is {said}")
        order = self.customer.send("GET", self._order_path(), 200).json()
        status = order["payment_status"]
        expect(status == "partially_refunded", f"the payment of the order is {status}")

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
        """The books agree: stock, reservations, orders, payments and events, and the bank's"""
        ledger = self.sandbox.get("/admin/ledger").json()
        [charge] = [one for one in ledger["charges"] if one["captured"]]
        returned = charge["refunded"]
        expect(returned == self.refunded, f"the bank returned {returned}, not {self.refunded}")
        violations = find_violations(self.engine)
        violations += find_violations_of_ledger(self.engine, ledger["charges"], ledger["movements"])
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
        bank_port = free_port()
        environ = _environ(url, smtp_port, bank_port)
        setup = (("db", "upgrade"), ("seed",))
        shop = stack.enter_context(running_shop(DEPLOYMENT, environ, setup=setup))
        print(f"      the shop is open on {database} ({time.monotonic() - started:.1f} s)")
        sandbox = stack.enter_context(running_sandbox(shop, bank_port, folder))
        engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
        journey = Journey(shop, mailbox, sandbox, engine)
        for number, step in enumerate(journey.steps(), start=1):
            step()
            print(f"  {number:2d}  {step.__doc__}", flush=True)


def _environ(database_url: str, smtp_port: int, bank_port: int) -> dict[str, str]:
    mails = "MERCATO_FEATURES__NOTIFICATIONS__SETTINGS__"
    sandbox = "MERCATO_FEATURES__PAYMENTS_SANDBOX__SETTINGS__"
    return {
        "MERCATO_DATABASE__URL": database_url,
        f"{mails}MAIL": "smtp",
        f"{mails}MAILBOX": "false",
        f"{mails}SMTP_HOST": "127.0.0.1",
        f"{mails}SMTP_PORT": str(smtp_port),
        f"{mails}SMTP_SECURITY": "none",
        f"{sandbox}URL": f"http://127.0.0.1:{bank_port}",
        f"{sandbox}SECRET": BANK_SECRET,
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
