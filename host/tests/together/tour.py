"""Use every operation of a shop with sample data, for the examples of its API document."""

import email
import email.policy
import re
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from werkzeug.test import TestResponse

from mercato_products.sample_data import sample_id
from mercato_users.sample_data import CUSTOMER_PASSWORD, CUSTOMERS, STAFF, STAFF_PASSWORD

from .recorder import KEY, ROOT, Recorder

SKU = "GIFCAR-547-01"
ADDRESS = {
    "name": "Wanda Walker",
    "line1": "1 Market Street",
    "line2": "Third floor",
    "city": "Bologna",
    "region": "Emilia-Romagna",
    "postal_code": "40121",
    "country": "IT",
}
NEWCOMER = "wanda.walker@example.com"
PASSWORD = "a walk through the market"
NEW_PASSWORD = "another walk through the market"
SECRET = "what the shop and its sandbox know of payments"
PICTURE = {"url": "https://images.example.com/products/lamp-1.jpg", "alt": "A lamp"}


class Tour:
    """A walk through a shop.

    Args:
        recorder: Sends and records the requests.
        mails: Delivers what is due, and returns the text of the mails, oldest first.

    Attributes:
        staff: The access token of a member of staff with every permission.
        customer: The access token of a customer.
        secret: What the sandbox of payments signs with.
    """

    def __init__(self, recorder: Recorder, mails: Callable[[], list[str]]) -> None:
        self._recorder = recorder
        self._mails = mails
        self._keys = 0
        self.staff = self.customer = ""
        self.secret = SECRET

    def walk(self) -> None:
        """Use every operation."""
        self._accounts()
        self._catalogue()
        self._products()
        self._stock()
        self._orders()
        for walk in tours():
            walk(self)
        self._people()

    def send(self, method: str, path: str, expected: int, **options: Any) -> TestResponse:
        """Send a request, and check the status of the answer."""
        answer = self._recorder.send(method, path, **options)
        assert answer.status_code == expected, f"{method} {path}: {answer.status} {answer.text}"
        return answer

    def once(self, path: str, expected: int, **options: Any) -> TestResponse:
        """Send a POST with a new Idempotency-Key."""
        self._keys += 1
        headers = {"Idempotency-Key": f"{KEY}-{self._keys}", **options.pop("headers", {})}
        return self.send("POST", path, expected, headers=headers, **options)

    def tokens(self) -> list[str]:
        """Deliver the mails that are due, and return the token of each, oldest first."""
        return [found for mail in self._mails() for found in re.findall(r"token=([\w.~-]+)", mail)]

    def _token(self) -> str:
        [token] = self.tokens()
        return token

    def _log_in(self, address: str, password: str, expected: int = 200) -> Any:
        body = {"email": address, "password": password, "device_name": "Laptop"}
        return self.send("POST", "/v1/auth/login", expected, json=body).json

    def _accounts(self) -> None:
        person = {"given_name": "Wanda", "family_name": "Walker", "locale": "it-IT"}
        body = {"email": NEWCOMER, "password": PASSWORD, **person}
        self.send("POST", "/v1/users", 202, json=body)
        self._mails()
        self.send("POST", "/v1/users/verify-email/resend", 202, json={"email": NEWCOMER})
        token = {"token": self._token()}
        self.send("POST", "/v1/users/verify-email", 204, json=token)
        self.send("POST", "/v1/users/verify-email", 410, json=token)
        self.send("POST", "/v1/auth/password/forgot", 202, json={"email": NEWCOMER})
        body = {"token": self._token(), "password": NEW_PASSWORD}
        self.send("POST", "/v1/auth/password/reset", 204, json=body)
        self.send("POST", "/v1/auth/password/reset", 410, json=body)
        customer = self._log_in(CUSTOMERS[0][0], CUSTOMER_PASSWORD)
        self._log_in(CUSTOMERS[0][0], "not the password", 401)
        refresh = {"refresh_token": customer["refresh_token"]}
        tokens = self.send("POST", "/v1/auth/refresh", 200, json=refresh).json
        self.customer = tokens["access_token"]
        me = self.send("GET", "/v1/users/me", 200, token=self.customer)
        self.send(
            "PATCH",
            "/v1/users/me",
            200,
            token=self.customer,
            headers={"If-Match": me.headers["ETag"]},
            json={"phone_number": "+33612345678", "metadata": {"newsletter": "yes"}},
        )
        self.staff = self._log_in(STAFF[0][0], STAFF_PASSWORD)["access_token"]
        self.send("GET", "/.well-known/jwks.json", 200)

    def _catalogue(self) -> None:
        gifts = {"q": "gift", "currency": "EUR"}
        self.send("GET", "/v1/products", 200, query_string=gifts)
        card = sample_id("product", "gift-card")
        one = {"currency": "EUR"}
        self.send("GET", f"/v1/products/{card}", 200, query_string=one)
        self.send("GET", "/v1/products/by-handle/gift-card", 200, query_string=one)
        self.send("GET", f"/v1/products/{card}/variants", 200, query_string={"limit": "1"})
        self.send("GET", "/v1/variants", 200, query_string={"sku": SKU})
        self.send("GET", f"/v1/variants/{sample_id('variant', SKU)}", 200)
        self.send("GET", "/v1/categories", 200, query_string={"limit": "2"})
        self.send("GET", f"/v1/categories/{sample_id('category', 'gift-cards')}", 200)

    def _products(self) -> None:
        staff: dict[str, Any] = {"token": self.staff}
        category = self.send(
            "POST", "/v1/categories", 201, json={"name": "Lamps", "handle": "lamps"}, **staff
        )
        at = f"/v1/categories/{category.json['id']}"
        version = {"If-Match": category.headers["ETag"]}
        self.send("PATCH", at, 200, json={"name": "Table lamps"}, headers=version, **staff)
        self.send("DELETE", at, 204, **staff)
        variant = {
            "sku": "LAMP-OAK",
            "gtin": "4006381333931",
            "tax_code": "standard",
            "option_values": {"Wood": "Oak"},
            "prices": [{"currency": "EUR", "unit_amount": 4900}],
            "weight_grams": 800,
        }
        new = {
            "name": "Table lamp",
            "handle": "table-lamp",
            "external_reference": "erp-1017",
            "tax_code": "standard",
            "description": "A lamp of oak.",
            "brand": "Mercato",
            "status": "active",
            "options": ["Wood"],
            "variants": [variant],
        }
        made = self.once("/v1/products", 201, json=new, **staff)
        self.once("/v1/products", 409, json=new, **staff)
        at, [lamp] = f"/v1/products/{made.json['id']}", made.json["variants"]
        version = {"If-Match": made.headers["ETag"]}
        changes = {"description": "A lamp of oak or walnut."}
        self.send("PATCH", at, 200, json=changes, headers=version, **staff)
        self.send("PATCH", at, 412, json=changes, headers=version, **staff)
        self.send("PUT", f"{at}/media", 200, json=[PICTURE], **staff)
        other = {**variant, "sku": "LAMP-WALNUT", "option_values": {"Wood": "Walnut"}}
        added = self.once(f"{at}/variants", 201, json=other, **staff)
        self.once(f"{at}/variants", 409, json=other, **staff)
        self._change_variant(lamp["id"], added.json["id"], staff)
        version = {"If-Match": self.send("GET", at, 200, **staff).headers["ETag"]}
        self.send("DELETE", at, 204, headers=version, **staff)

    def _change_variant(self, lamp_id: str, other_id: str, staff: dict[str, Any]) -> None:
        at, other = f"/v1/variants/{lamp_id}", f"/v1/variants/{other_id}"
        version = {"If-Match": self.send("GET", at, 200, **staff).headers["ETag"]}
        changed = self.send("PATCH", at, 200, json={"weight_grams": 750}, headers=version, **staff)
        version = {"If-Match": changed.headers["ETag"]}
        price = {"unit_amount": 4500, "compare_at_amount": 4900}
        self.send("PUT", f"{at}/prices/EUR", 200, json=price, headers=version, **staff)
        version = {"If-Match": self.send("GET", other, 200, **staff).headers["ETag"]}
        self.send("DELETE", other, 204, headers=version, **staff)
        received = {"variant_id": lamp_id, "quantity": 1, "reason": "Received"}
        self.once("/v1/stock-adjustments", 201, json={"adjustments": [received]}, **staff)
        self._lamp = lamp_id

    def _stock(self) -> None:
        staff: dict[str, Any] = {"token": self.staff}
        one = {"variant_id": self._lamp}
        levels = {"variant_ids": self._lamp}
        self.send("GET", "/v1/stock-levels", 200, query_string=levels, **staff)
        self.send("GET", "/v1/stock-movements", 200, query_string=one, **staff)
        wrong = {**one, "set_to": 5, "expected_on_hand": 9, "reason": "Counted"}
        self.once("/v1/stock-adjustments", 409, json={"adjustments": [wrong]}, **staff)

    def _orders(self) -> None:
        lines = [{"variant_id": str(sample_id("variant", SKU)), "quantity": 1}]
        wanted = {"lines": lines, "currency": "EUR"}
        self.send("POST", "/v1/orders/quote", 200, json=wanted)
        order = {**wanted, "email": NEWCOMER, "shipping_address": ADDRESS}
        placed = self.once("/v1/orders", 201, json=order)
        self._refusals(order)
        at = f"/v1/orders/{placed.json['id']}"
        secret = {"Order-Access-Token": placed.json["access_token"]}
        self.send("GET", at, 200, headers=secret)
        self.send("GET", at, 404)
        manual = {"provider": "manual"}
        paid = self.once(f"{at}/payments", 201, json=manual, token=self.staff)
        self.once(f"{at}/payments", 409, json=manual, token=self.staff)
        self.send("GET", f"{at}/payments", 200, headers=secret)
        self.send("GET", f"{at}/payments/{paid.json['id']}", 200, headers=secret)
        self.send("GET", f"{at}/events", 200, headers=secret, query_string={"limit": "1"})
        self._reservations(placed.json["id"])
        other = self.once("/v1/orders", 201, json=order).json
        secret = {"Order-Access-Token": other["access_token"]}
        reason = {"reason": "Ordered twice by mistake"}
        canceled = f"/v1/orders/{other['id']}/cancel"
        self.once(canceled, 200, json=reason, headers=secret)
        self.once(canceled, 409, json=reason, headers=secret)
        self.send("GET", "/v1/orders", 200, token=self.customer, query_string={"limit": "1"})

    def _refusals(self, order: dict[str, Any]) -> None:
        many = [{"variant_id": self._unarchived(), "quantity": 999}]
        sent = {**order, "shipping_method": "shipping.standard"}
        self.once("/v1/orders", 409, json={**sent, "lines": many})
        self.once("/v1/orders", 409, json={**order, "expected_amount_total": 1})
        unknown = [{"variant_id": self._lamp, "quantity": 1}]
        self.once("/v1/orders", 409, json={**order, "lines": unknown})
        self.once("/v1/orders", 422, json={**order, "email": "nobody"})

    def _unarchived(self) -> str:
        levels = {"limit": "1"}
        [level] = self._recorder.send(
            "GET", "/v1/stock-levels", token=self.staff, query_string=levels
        ).json["data"]
        return str(level["variant_id"])

    def _reservations(self, reference: str) -> None:
        staff: dict[str, Any] = {"token": self.staff}
        self.send("GET", "/v1/stock-reservations", 200, query_string={"limit": "1"}, **staff)
        self.send("GET", f"/v1/stock-reservations/{reference}", 200, **staff)

    def _people(self) -> None:
        staff: dict[str, Any] = {"token": self.staff}
        query = {"q": CUSTOMERS[1][0]}
        [user] = self.send("GET", "/v1/users", 200, query_string=query, **staff).json["data"]
        at = f"/v1/users/{user['id']}"
        self.send("GET", at, 200, **staff)
        self.send("GET", at, 403, token=self.customer)
        reason = {"reason": "Asked by the customer"}
        self.send("POST", f"{at}/suspend", 204, json=reason, **staff)
        self.send("POST", f"{at}/suspend", 409, json=reason, **staff)
        self.send("POST", f"{at}/reactivate", 204, json=reason, **staff)
        self.send("POST", f"{at}/reactivate", 409, json=reason, **staff)
        self.send("POST", "/v1/auth/logout", 204, token=self.customer)
        self.send("GET", "/v1/users/me", 401, token=self.customer)


def tours() -> Iterator[Callable[[Tour], None]]:
    """Return ``walk()`` of each feature that has a tour of its operations, in ``tests/tour.py``."""
    for file in sorted(ROOT.glob("packages/*/tests/tour.py")):
        yield runpy.run_path(str(file))["walk"]


def mails_in(folder: Path, seen: set[Path]) -> list[str]:
    """Return the texts of the mails in *folder* that are new, oldest first.

    Args:
        folder: The folder.
        seen: The files of earlier calls, to which the new ones are added.
    """
    texts = []
    for file in sorted({*folder.glob("*.eml")} - seen):
        mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        texts.append(str(mail.get_body(("plain",)).get_content()))
        seen.add(file)
    return texts
