"""A customer of a shop over HTTP, who is surprised by what a client does not expect."""

import secrets
import time
from collections.abc import Callable
from typing import Any, TypeVar

import httpx2
from shop import Shop

T = TypeVar("T")

WITHIN_SECONDS = 20


class Surprise(Exception):
    """A step had another result than a client expects."""


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


def wait_for(find: Callable[[], T | None], otherwise: str) -> T:
    """Call a function until it finds something, and return that.

    Raises:
        Surprise: It found nothing in time.
    """
    give_up_at = time.monotonic() + WITHIN_SECONDS
    while time.monotonic() < give_up_at:
        if found := find():
            return found
        time.sleep(0.05)
    raise Surprise(f"{otherwise} within {WITHIN_SECONDS} s")


def key() -> dict[str, str]:
    """Return the header of a new idempotency key."""
    return {"Idempotency-Key": secrets.token_urlsafe(24)}
