"""The page of 3-D Secure, where a customer approves a payment."""

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from mercato_kit.hosts import is_http_url
from mercato_payments_sandbox.server import charges
from mercato_payments_sandbox.server.api import sandbox
from mercato_payments_sandbox.server.ledger import Row

blueprint = Blueprint("pages", __name__, template_folder="templates")


@blueprint.get("/3ds/<charge_id>")
def ask(charge_id: str) -> str:
    """Ask the customer."""
    with sandbox().ledger.work() as work:
        return _page(charges.find(work, charge_id))


@blueprint.post("/3ds/<charge_id>")
def answer(charge_id: str) -> AnyResponse:
    """Go on with the payment, and send the customer back to the shop."""
    with sandbox().ledger.work() as work:
        approved = request.form.get("answer") == "approve"
        charges.authenticate(work, charge_id, approved=approved)
        charge = charges.find(work, charge_id)
    sandbox().deliveries.wake()
    if charge["return_url"] and is_http_url(charge["return_url"]):
        return redirect(charge["return_url"], 303)
    return Response(_page(charge))


def _page(charge: Row) -> str:
    return render_template("3ds.html", charge=charge)
