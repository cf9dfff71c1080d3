"""Tokens whose signature was verified, so that it is verified once."""

import hashlib
import time
from dataclasses import dataclass
from threading import Lock
from typing import Any, Generic, TypeVar

Claims = TypeVar("Claims")

MOST_TOKENS = 2000
"""Tokens that are remembered; the oldest one is forgotten first."""

LONGEST_TOKEN = 4096
"""Characters; a longer token is verified each time, as its claims would take too much memory."""


@dataclass(frozen=True, slots=True)
class Verified(Generic[Claims]):
    """What is known of a token.

    Args:
        claims: Its claims.
        by: What verified it: the key, and what else its claims were compared with.
        expires_at: Its claim ``exp``, in seconds since 1970.
    """

    claims: Claims
    by: Any
    expires_at: float


class VerifiedTokens(Generic[Claims]):
    """The tokens that one process has verified, until they expire.

    Whether a signature is right depends on the token and the key only, and verifying it takes
    longer than all other work of a small request. The caller still checks everything that may
    change: that the key is in use, and that the session of the token has not ended.

    Tokens are known by their digests, so none stays in memory. A lookup does not take the same
    time for all tokens, but what it compares are digests, which a caller cannot choose.
    """

    def __init__(self, most: int = MOST_TOKENS) -> None:
        self._most = most
        self._known: dict[bytes, Verified[Claims]] = {}
        self._changing = Lock()

    def find(self, token: str) -> Verified[Claims] | None:
        """Return what is known of *token*; None if it is unknown or has expired."""
        known = self._known.get(_digest(token))
        if known is None or known.expires_at <= time.time():
            return None
        return known

    def keep(self, token: str, verified: Verified[Claims]) -> None:
        """Remember a token that was verified now, unless it is too long."""
        if len(token) > LONGEST_TOKEN:
            return
        with self._changing:
            self._known.pop(name := _digest(token), None)
            # Access tokens are valid equally long, so the oldest one expires first.
            while self._known and (len(self._known) >= self._most or self._oldest_has_expired()):
                del self._known[next(iter(self._known))]
            self._known[name] = verified

    def _oldest_has_expired(self) -> bool:
        return next(iter(self._known.values())).expires_at <= time.time()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
