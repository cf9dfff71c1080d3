"""What tests do with a sandbox: faults, the clock, webhooks, the ledger."""

from random import Random
from typing import Any

import msgspec
from flask import Blueprint, Response

from mercato_payments_sandbox.server import tasks
from mercato_payments_sandbox.server.answers import VERBS
from mercato_payments_sandbox.server.api import JSON, read_body, require_secret, sandbox
from mercato_payments_sandbox.server.ledger import Faults, Work

blueprint = Blueprint("admin", __name__, url_prefix="/admin")
blueprint.before_request(require_secret)


class Advance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``POST /admin/clock``."""

    advance_seconds: float = 0


class Delivery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``POST /admin/deliver``.

    Args:
        again: Whether events are sent that the shop took already.
        shuffle: Send them in a random order, which this number decides.
    """

    again: bool = False
    shuffle: int | None = None


@blueprint.get("/faults")
def get_faults() -> Response:
    """Return what goes wrong by chance."""
    return _shown(sandbox().ledger.faults)


@blueprint.put("/faults")
def put_faults() -> Response:
    """Replace what goes wrong by chance; what is not named does not go wrong."""
    sandbox().ledger.set_faults(read_body(Faults))
    return get_faults()


@blueprint.post("/clock")
def advance_clock() -> Response:
    """Move the clock, and do what is due then."""
    ledger = sandbox().ledger
    ledger.advance(read_body(Advance).advance_seconds)
    with ledger.work() as work:
        tasks.run_due(work, VERBS)
    sandbox().deliveries.wake()
    return _shown({"now": ledger.now()})


@blueprint.post("/deliver")
def deliver() -> Response:
    """Send events now, those that were dropped included."""
    asked = read_body(Delivery)
    with sandbox().ledger.work() as work:
        least = 0 if asked.again else 1
        events = work.db.execute(
            "SELECT * FROM event WHERE copies >= ? ORDER BY created_at, rowid", (least,)
        ).fetchall()
    if asked.shuffle is not None:
        Random(asked.shuffle).shuffle(events)  # noqa: S311 - repeatable by its seed
    sent = sandbox().deliveries.send_all(events)
    return _shown(
        {"sent": [{"id": one["id"], "type": one["type"], "status": two} for one, two in sent]}
    )


@blueprint.post("/reset")
def reset() -> Response:
    """Forget everything: payments, events, keys, faults, and the moved clock."""
    sandbox().ledger.reset()
    return _shown({})


@blueprint.get("/ledger")
def get_ledger() -> Response:
    """Return every payment and each time that money moved."""
    with sandbox().ledger.work() as work:
        return _shown(
            {
                "charges": _rows(work, "SELECT * FROM charge ORDER BY created_at, id"),
                "refunds": _rows(work, "SELECT * FROM refund ORDER BY created_at, id"),
                "movements": _rows(work, "SELECT * FROM movement ORDER BY id"),
                "events": _rows(
                    work,
                    "SELECT id, charge_id, type, created_at, due_at, copies, attempts, dropped,"
                    " status FROM event ORDER BY created_at, rowid",
                ),
            }
        )


def _rows(work: Work, statement: str) -> list[dict[str, Any]]:
    return [dict(row) for row in work.db.execute(statement)]


def _shown(value: object) -> Response:
    return Response(msgspec.json.encode(value), mimetype=JSON)
