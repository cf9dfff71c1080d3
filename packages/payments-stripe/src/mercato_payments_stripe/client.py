"""Calls of Stripe with its official library: a deadline, no retries, and the contract's errors."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from mercato_contracts.payments import Misconfigured, Refused, Unknown
from mercato_payments_stripe.deadlines import within
from mercato_payments_stripe.wire import API_VERSION, FailedAnswer, Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from stripe import StripeClient, StripeError

T = TypeVar("T")

CONNECT_SECONDS, READ_SECONDS = 3, 6

_LONGEST_CODE = 100

MISSING = "resource_missing"
"""The code of a refusal: Stripe has no such object."""

_OPEN = {"idempotency_error", "rate_limit"}
"""Types and codes of errors that say nothing of what a call with this key has done."""

_ELSEWHERE = "similar object exists in"
"""What Stripe says of an object of test mode to a live key, and the other way round."""


class Client:
    """Calls one account at Stripe.

    Args:
        key: Its secret key.
        url: The address of the API.
        timeout_seconds: Limit of a call, from the connection to the last byte.
    """

    def __init__(self, key: str, url: str, timeout_seconds: float) -> None:
        self._key = key
        self._url = url.rstrip("/")
        self._timeout_seconds = timeout_seconds

    def call(self, do: Callable[[StripeClient], T]) -> T:
        """Return what *do* returns, which may call Stripe several times.

        Raises:
            Refused: Stripe refused it; it had no effect.
            Unknown: There is no usable answer in time.
            Misconfigured: Stripe refuses the key.
        """
        # Imported before the time begins to run.
        api = _library(self._key, self._url)
        try:
            return within(self._timeout_seconds, lambda: self._call(api, do))
        except TimeoutError as error:
            raise Unknown(f"no answer within {self._timeout_seconds:g} s") from error

    def _call(self, api: StripeClient, do: Callable[[StripeClient], T]) -> T:
        # The library takes longer to import than a small shop, so only a call does it.
        from stripe import StripeError  # noqa: PLC0415

        try:
            return do(api)
        except StripeError as error:
            raise _meaning_of(error) from error
        except (msgspec.ValidationError, AttributeError, TypeError, ValueError) as error:
            raise Unknown(f"an unexpected answer ({type(error).__name__})") from error


def read(answer: Any, kind: type[T]) -> T:
    """Return an object of the library as a value of *kind*.

    Raises:
        msgspec.ValidationError, AttributeError: It is something else.
    """
    return msgspec.convert(answer.to_dict(), kind)


@lru_cache(maxsize=8)
def _library(key: str, url: str) -> StripeClient:
    """Return the library's client, whose threads share connections."""
    import requests  # noqa: PLC0415
    import stripe  # noqa: PLC0415

    # It sends facts about this machine, and writes an id into the home folder.
    stripe.enable_telemetry = False
    return stripe.StripeClient(
        key,
        stripe_version=API_VERSION,
        base_addresses={"api": url},
        http_client=stripe.RequestsClient(
            timeout=(CONNECT_SECONDS, READ_SECONDS), session=requests.Session()
        ),
        max_network_retries=0,
    )


def _meaning_of(error: StripeError) -> Exception:
    """Return an error of the library as one of the contract's."""
    status, headers = error.http_status, error.headers or {}
    if status in (401, 403):
        return Misconfigured(f"Stripe refuses the key (status {status})")
    said = _said(error) if status in (400, 402, 404) else None
    if said is None or _OPEN & {said.type, said.code}:
        is_replayed = headers.get("idempotent-replayed") == "true"
        return Unknown(f"status {status}" if status else "no answer", key_is_spent=is_replayed)
    if _ELSEWHERE in (said.message or ""):
        return Misconfigured("the key is of another mode than the payment")
    return Refused((said.decline_code or said.code or "refused")[:_LONGEST_CODE], said.message)


def _said(error: StripeError) -> Failure | None:
    """Return what Stripe says of an error; None if the answer is not one of Stripe's."""
    try:
        return msgspec.convert(error.json_body, FailedAnswer).error
    except msgspec.ValidationError:
        return None
