"""Events: recorded with each change, signed, and posted until the shop takes them."""

import hmac
import json
import threading
from random import Random

import httpx2

from mercato_payments_stripe.wire import API_VERSION

LATE_SECONDS = 3
THREADS = 4
LONGEST_PAUSE_SECONDS = 30


def record(ledger, type_, thing, intent_id, *, copies=1, late=False):
    """Write an event with an object as it is now; by chance it comes late, twice, or never."""
    event = ledger.add(
        "evt",
        "event",
        type=type_,
        api_version=API_VERSION,
        livemode=False,
        data={"object": thing},
    )
    late = late or ledger.happens("disorder")
    copies = 0 if ledger.happens("drop") else copies + ledger.happens("duplicate")
    due_at = ledger.now() + (LATE_SECONDS * Random(event["id"]).random() if late else 0)  # noqa: S311
    ledger.db.execute(
        "INSERT INTO event (id, type, intent, body, due_at, copies) VALUES (?, ?, ?, ?, ?, ?)",
        (event["id"], type_, intent_id, json.dumps(event), due_at, copies),
    )


def signed(body, secret, seconds):
    """Return the headers of a webhook."""
    digest = hmac.digest(secret.encode(), f"{seconds}.{body}".encode(), "sha256").hex()
    return {"Stripe-Signature": f"t={seconds},v1={digest}", "Content-Type": "application/json"}


class Deliveries:
    """Posts events from threads of its own.

    Args:
        ledger: The data.
        secret: What signs the events.
        url: The shop's webhook; without one, events are only kept.
    """

    def __init__(self, ledger, secret, url):
        self._ledger, self._secret, self._url = ledger, secret, url
        self._ended = threading.Event()
        self._client = httpx2.Client(timeout=10, trust_env=False)
        self._threads = [
            threading.Thread(target=self._run, args=(number,), daemon=True)
            for number in range(THREADS if url else 0)
        ]

    def start(self):
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def end(self):
        """End the threads."""
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self._client.close()

    def send_all(self, where, *values):
        """Post events now, one after the other; return each with the status of the answer."""
        with self._ledger.work() as ledger:
            rows = ledger.db.execute(
                f"SELECT * FROM event WHERE {where} ORDER BY seq",  # noqa: S608 - from tests
                values,
            ).fetchall()
        return [{"id": row["id"], "type": row["type"], "status": self._send(row)} for row in rows]

    def _run(self, number):
        due = (
            "SELECT * FROM event WHERE copies > 0 AND due_at <= ? AND seq % ? = ?"
            " ORDER BY due_at LIMIT 1"
        )
        while not self._ended.is_set():
            with self._ledger.work() as ledger:
                row = ledger.db.execute(due, (ledger.now(), THREADS, number)).fetchone()
            if row is None:
                self._ended.wait(0.05)
            else:
                self._send(row)

    def _send(self, row):
        with self._ledger.work() as ledger:
            seconds = int(ledger.now())
        headers = signed(row["body"], self._secret, seconds)
        try:
            status = self._client.post(self._url, content=row["body"], headers=headers).status_code
        except httpx2.HTTPError:
            status = 0
        pause = min(0.1 * 2 ** row["attempts"], LONGEST_PAUSE_SECONDS)
        with self._ledger.work() as ledger:
            ledger.db.execute(
                "UPDATE event SET status = ?, attempts = attempts + 1, due_at = ?,"
                " copies = MAX(copies - ?, 0) WHERE seq = ?",
                (status, ledger.now() + pause, 200 <= status < 300, row["seq"]),
            )
        return status
