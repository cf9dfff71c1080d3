"""Events are posted to the shop's webhook until it takes them."""

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx2

from mercato_payments_sandbox.server import tasks
from mercato_payments_sandbox.server.answers import VERBS
from mercato_payments_sandbox.server.events import LATE_SECONDS
from mercato_payments_sandbox.server.ledger import Ledger, Row, Work
from mercato_payments_sandbox.signatures import headers_of

THREADS = 4
TIMEOUT_SECONDS = 10
PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 60
BATCH = 20

_NO_ANSWER = 0


class Deliveries:
    """Sends the events of a ledger from threads of its own.

    Args:
        ledger: The data.
        secret: What signs the events.
        url: The shop's webhook; without one, events are only kept.
    """

    def __init__(self, ledger: Ledger, secret: str, url: str | None) -> None:
        self._ledger = ledger
        self._secret = secret
        self._url = url
        self._sending: set[str] = set()
        self._client = httpx2.Client(timeout=TIMEOUT_SECONDS, trust_env=False)
        self._pool = ThreadPoolExecutor(THREADS, "deliveries")
        self._wake = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Start the threads."""
        self._thread.start()

    def end(self) -> None:
        """End the threads; what is being sent is waited for."""
        self._ended = True
        self.wake()
        self._thread.join()
        self._pool.shutdown(cancel_futures=True)
        self._client.close()

    def wake(self) -> None:
        """Look for events that are due now."""
        self._wake.set()

    def send_all(self, events: Iterable[Row]) -> list[tuple[Row, int]]:
        """Send events one after the other, and return each with the status of the answer."""
        return [(event, self._send(event)) for event in events]

    def _run(self) -> None:
        while not self._ended:
            self._wake.wait(PAUSE_SECONDS)
            self._wake.clear()
            for event in self._take_due():
                self._pool.submit(self._send_taken, event)

    def _take_due(self) -> list[Row]:
        with self._ledger.work() as work:
            tasks.run_due(work, VERBS)
            due = [] if self._url is None else due_events(work)
        taken = [event for event in due if event["id"] not in self._sending]
        self._sending.update(event["id"] for event in taken)
        return taken

    def _send_taken(self, event: Row) -> None:
        try:
            self._send(event)
        finally:
            self._sending.discard(event["id"])
            self.wake()

    def _send(self, event: Row) -> int:
        status = self._post(event)
        with self._ledger.work() as work:
            _note(work, event["id"], status)
        return status

    def _post(self, event: Row) -> int:
        if self._url is None:
            return _NO_ANSWER
        body: bytes = event["body"]
        secret = "wrong" if event["badly_signed"] else self._secret
        headers = headers_of(secret, event["id"], datetime.now(UTC), body)
        headers["content-type"] = "application/json"
        try:
            return self._client.post(self._url, content=body, headers=headers).status_code
        except (httpx2.HTTPError, OSError):
            return _NO_ANSWER


def due_events(work: Work) -> list[Row]:
    """Return events that are to be sent now."""
    return work.db.execute(
        "SELECT * FROM event WHERE copies > 0 AND dropped = 0 AND due_at <= ?"
        " ORDER BY due_at, created_at LIMIT ?",
        (work.now, BATCH),
    ).fetchall()


def events_of(work: Work, charge_id: str) -> list[Row]:
    """Return the events of a payment that were not taken yet."""
    return work.db.execute(
        "SELECT * FROM event WHERE charge_id = ? AND copies > 0 ORDER BY created_at, rowid",
        (charge_id,),
    ).fetchall()


def _note(work: Work, event_id: str, status: int) -> None:
    """Note how a delivery ended, and plan the next one."""
    row = work.db.execute("SELECT * FROM event WHERE id = ?", (event_id,)).fetchone()
    if row is None:
        # The ledger was reset meanwhile.
        return
    taken = 200 <= status < 300
    copies = max(0, row["copies"] - taken)
    pause = min(LONGEST_PAUSE_SECONDS, 0.5 * 2 ** min(row["attempts"], 10))
    wait = work.random.random() * LATE_SECONDS if taken else pause
    work.db.execute(
        "UPDATE event SET status = ?, attempts = attempts + 1, copies = ?, badly_signed = 0,"
        " due_at = ? WHERE id = ?",
        (status, copies, work.now + wait, event_id),
    )
