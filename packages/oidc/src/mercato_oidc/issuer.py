"""Fetch the issuer's key set: one GET request with a limit on time and size."""

import asyncio
from email.message import Message

import httpx2

MOST_BYTES = 256 * 1024
"""Largest accepted key set. Large issuers publish about 10 KiB."""

_HEADERS = {
    "Accept": "application/jwk-set+json, application/json",
    # A small compressed response could need a lot of memory.
    "Accept-Encoding": "identity",
}


class IssuerError(Exception):
    """The issuer did not return a key set; the message says why."""


def fetch(url: str, timeout_seconds: float) -> bytes:
    """Return the body of the key set at *url*.

    Redirects are not followed: only the configured address is trusted.

    Args:
        url: An http or https URL.
        timeout_seconds: Limit for the whole exchange, from the connection to the last byte.

    Raises:
        IssuerError: There was no complete response in time, or it is too large or not JSON.
    """
    try:
        return asyncio.run(_get(url, timeout_seconds))
    except TimeoutError as error:
        raise IssuerError(f"no complete answer within {timeout_seconds:g} s") from error
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise IssuerError(f"the request failed ({type(error).__name__})") from error


async def _get(url: str, timeout_seconds: float) -> bytes:
    # The client's timeouts apply to each read, so a response that trickles would never end.
    async with (
        asyncio.timeout(timeout_seconds),
        httpx2.AsyncClient(timeout=None, headers=_HEADERS) as client,
        client.stream("GET", url) as response,
    ):
        _check_head(response)
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > MOST_BYTES:
                raise IssuerError(f"the answer has more than {MOST_BYTES} bytes")
        return bytes(body)


def _check_head(response: httpx2.Response) -> None:
    if response.status_code != 200:
        raise IssuerError(f"it answered with status {response.status_code}")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise IssuerError("the answer is compressed")
    kind = Message()
    kind["Content-Type"] = response.headers.get("Content-Type", "")
    subtype = kind.get_content_subtype()
    if subtype != "json" and not subtype.endswith("+json"):
        raise IssuerError("the answer is not JSON by its content type")
