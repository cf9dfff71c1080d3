"""Calls of the sandbox: one HTTP exchange with a limit on its total time."""

import asyncio
import ssl
from functools import lru_cache
from typing import TypeVar

import httpx2
import msgspec

from mercato_contracts.payments import Misconfigured, Refused, Unknown
from mercato_payments_sandbox.wire import Problem, Refusal

T = TypeVar("T")

NOT_FOUND = "not_found"


class Client:
    """Calls one sandbox.

    Args:
        url: Its address.
        secret: What proves that a call is from the shop.
        timeout_seconds: Limit of a call, from the connection to the last byte.
    """

    def __init__(self, url: str, secret: str, timeout_seconds: float) -> None:
        self._url = url.rstrip("/")
        self._secret = secret
        self._timeout_seconds = timeout_seconds

    def get(self, path: str, kind: type[T]) -> T:
        """Return what is at a path. Raises as :meth:`post`."""
        return self._call("GET", path, None, {}, kind)

    def post(self, path: str, body: msgspec.Struct | None, key: str, kind: type[T]) -> T:
        """Post a body under an idempotency key, and return the answer.

        Raises:
            Refused: The sandbox refused it; nothing had an effect.
            Unknown: There is no usable answer.
            Misconfigured: The sandbox has another secret.
        """
        content = b"" if body is None else msgspec.json.encode(body)
        return self._call("POST", path, content, {"Idempotency-Key": key}, kind)

    def _call(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], kind: type[T]
    ) -> T:
        headers = {
            "Authorization": f"Bearer {self._secret}",
            "Content-Type": "application/json",
            **headers,
        }
        try:
            status, answer = asyncio.run(self._exchange(method, path, body, headers))
        except TimeoutError as error:
            raise Unknown(f"no answer within {self._timeout_seconds:g} s") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise Unknown(f"no answer ({type(error).__name__})") from error
        return _read(status, answer, kind)

    async def _exchange(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        # The client's own time-outs apply to each read, so an answer that trickles never ends.
        async with (
            asyncio.timeout(self._timeout_seconds),
            httpx2.AsyncClient(timeout=None, verify=_certificates()) as client,
        ):
            url = f"{self._url}{path}"
            response = await client.request(method, url, content=body, headers=headers)
            return response.status_code, response.content


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    """Return the trusted certificates; reading them takes longer than a call."""
    return ssl.create_default_context()


def _read(status: int, body: bytes, kind: type[T]) -> T:
    if status in (401, 403):
        raise Misconfigured("the sandbox has another secret")
    if status == 429 or status >= 500:
        raise Unknown(f"status {status}")
    try:
        if status < 300:
            return msgspec.json.decode(body, type=kind)
        problem: Problem = msgspec.json.decode(body, type=Refusal).error
    except msgspec.DecodeError as error:
        raise Unknown(f"status {status} with an unexpected body") from error
    raise Refused(problem.code, problem.detail)
