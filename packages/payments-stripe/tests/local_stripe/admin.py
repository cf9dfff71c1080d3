"""What tests do with a local Stripe: faults, the clock, webhooks, the ledger."""

from flask import Blueprint, current_app, jsonify, request

blueprint = Blueprint("admin", __name__, url_prefix="/admin")


def stripe():
    """Return the local Stripe of the current app."""
    return current_app.extensions["stripe"]


@blueprint.put("/faults")
def put_faults():
    """Replace what goes wrong by chance: probabilities, and ``seed``."""
    with stripe().ledger.work() as ledger:
        ledger.set_option("faults", {"error_500_early": 0.5, **request.json})
    return {}


@blueprint.post("/clock")
def advance_clock():
    """Move the clock, and do what is due then."""
    with stripe().ledger.work() as ledger:
        ledger.set_option("clock", ledger.option("clock", 0) + request.json["advance_seconds"])
    with stripe().ledger.work() as ledger:
        return {"now": ledger.now()}


@blueprint.post("/deliver")
def deliver():
    """Send events now that the shop has not taken, those that were dropped included."""
    again = bool(request.json.get("again"))
    return {"sent": stripe().deliveries.send_all("? OR status NOT BETWEEN 200 AND 299", again)}


@blueprint.post("/reset")
def reset():
    """Forget everything."""
    stripe().ledger.reset()
    return {}


@blueprint.get("/ledger")
def get_ledger():
    """Return every payment and each time that money moved."""
    with stripe().ledger.work() as ledger:
        refunds = [one for one in ledger.all("refund") if one["status"] == "succeeded"]
        charges = [
            {
                "id": intent["id"],
                "payment_id": intent["metadata"].get("payment_id"),
                "state": intent["status"],
                "captured": intent["amount_received"],
                "refunded": sum(
                    one["amount"] for one in refunds if one["payment_intent"] == intent["id"]
                ),
            }
            for intent in ledger.all("payment_intent")
        ]
        moved = ledger.db.execute("SELECT * FROM movement ORDER BY seq").fetchall()
    return jsonify({"charges": charges, "movements": [dict(row) for row in moved]})
