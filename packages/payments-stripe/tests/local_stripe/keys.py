"""Idempotency keys: what a request with effects gets the first time, and every time after that."""

import hashlib
import json
from contextlib import contextmanager

from .errors import ApiError

KEPT_SECONDS = 86_400


class Keys:
    """The keys of requests, and which of them are being executed.

    Args:
        ledger: The data.
    """

    def __init__(self, ledger):
        self._ledger = ledger
        self._running = set()

    @contextmanager
    def running(self, key):
        """Refuse a key that another request has at the same time (409)."""
        with self._ledger.work():
            if key in self._running:
                message = "There is currently another in-progress request using this key."
                raise ApiError(409, message, "idempotency_key_in_use", is_kept=False)
            self._running.add(key)
        try:
            yield
        finally:
            self._running.discard(key)

    def known(self, key, request):
        """Return status and body that a key has got; None the first time, or a day later.

        Raises:
            ApiError: It was used with other parameters.
        """
        row = self._ledger.db.execute(
            "SELECT * FROM kept WHERE key = ? AND at > ?", (key, self._ledger.now() - KEPT_SECONDS)
        ).fetchone()
        if row is None:
            return None
        if row["request"] != _digest(request):
            message = "Keys for idempotent requests can only be used with the same parameters."
            raise ApiError(400, message, is_kept=False, type="idempotency_error")
        return row["status"], json.loads(row["body"])

    def keep(self, key, request, status, body):
        """Keep what a key got."""
        self._ledger.db.execute(
            "INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?, ?)",
            (key, _digest(request), status, json.dumps(body), self._ledger.now()),
        )


def _digest(request):
    return hashlib.sha256(request.encode()).hexdigest()
