"""A payment provider for tests of the whole shop: the sandbox, in this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mercato_payments_sandbox.server import Sandbox, prepared, tasks
from mercato_payments_sandbox.server.answers import VERBS
from mercato_payments_sandbox.signatures import headers_of

SECRET = "a secret of these tests only"
PAYS, PAYS_LATER = "4242424242424242", "4000000000000150"
"""Cards: one that pays at once, and one whose bank needs two seconds."""


@dataclass(frozen=True)
class Bank:
    """A sandbox that posts no events: a test takes them, and posts them when it wants."""

    sandbox: Sandbox

    @property
    def table(self) -> str:
        """The tables of a deployment file that uses it."""
        return (
            "[features.payments_sandbox]\n[features.payments_sandbox.settings]\n"
            f'url = "{self.sandbox.url}"\nsecret = "{SECRET}"\ntimeout_seconds = 5\n'
        )

    def let_banks_answer(self) -> None:
        """Let the time pass that slow banks need."""
        self.sandbox.ledger.advance(3)
        with self.sandbox.ledger.work() as work:
            tasks.run_due(work, VERBS)

    def last_event(self, payment_id: str) -> tuple[bytes, dict[str, str]] | None:
        """Return body and headers of the last event of a payment, signed now."""
        found = self.rows(
            "SELECT e.id, e.body FROM event e JOIN charge c ON c.id = e.charge_id"
            " WHERE c.payment_id = ? ORDER BY e.created_at DESC, e.rowid DESC LIMIT 1",
            payment_id,
        )
        for event in found:
            signed = headers_of(SECRET, event["id"], datetime.now(UTC), event["body"])
            return event["body"], {**signed, "Content-Type": "application/json"}
        return None

    def kept(self, order_id: str) -> int:
        """Return what an order was charged and did not get back."""
        (row,) = self.rows(
            "SELECT COALESCE(SUM(captured - refunded), 0) AS kept FROM charge WHERE order_id = ?",
            order_id,
        )
        return int(row["kept"])

    def rows(self, statement: str, *values: str) -> list[dict[str, Any]]:
        """Return rows of its ledger."""
        with self.sandbox.ledger.work() as work:
            return [dict(row) for row in work.db.execute(statement, values)]


@contextmanager
def running_bank(folder: Path, **options: Any) -> Iterator[Bank]:
    """Run a sandbox in a thread of this process; the options are those of the sandbox."""
    with prepared(folder / "sandbox.db", SECRET, **options) as (sandbox, server):
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield Bank(sandbox)
        server.shutdown()
        thread.join()
