"""Commands for operators: ``mercato payments …``."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import click

from mercato_contracts.payments import Misconfigured, Unknown
from mercato_kit import work
from mercato_kit.errors import NotFound
from mercato_orders import services

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

NOTE_LENGTH = 2_000
"""Characters of a note, as in the API."""

COLUMNS = ("payment", "order", "provider", "status", "amount", "attention", "since", "last error")


@click.group("payments")
def payments() -> None:
    """Look at payments whose outcome is open, and deal with those that need attention."""


@payments.command("list")
@click.option("--attention", is_flag=True, help="Only those that an operator has to look at.")
@as_json
def list_payments(*, attention: bool, as_json: bool) -> None:
    """List payments whose outcome is open, oldest first: 1,000 at most.

    The worker asks their providers again. It only reads those that need attention because an
    operator has to decide: mismatch, overdue, refund_refused, refund_failed, void_refused,
    capture_refused. The others end by themselves: errors, no_answer, misconfigured.

    Example: mercato payments list --attention
    """
    found = services.list_open(attention=attention)
    if as_json:
        _print("payments list", payments=[_document(row) for row in found])
        return
    for line in _table([COLUMNS, *(_cells(row) for row in found)]):
        click.echo(line)


@payments.command("retry")
@click.argument("payment_id", type=click.UUID)
@as_json
def retry(payment_id: UUID, *, as_json: bool) -> None:
    """Let the worker ask the provider of PAYMENT_ID again, now and at short intervals.

    That includes its captures and refunds that are pending. What was begun is not done twice.

    Example: mercato payments retry 01981f2e-7a61-7000-8000-000000000001
    """
    try:
        services.retry_payment(payment_id)
    except NotFound as error:
        raise _no_payment(payment_id) from error
    _say(as_json, "payments retry", f"The provider of {payment_id} is asked again.", payment_id)


def _check_note(_context: click.Context, _option: click.Parameter, note: str) -> str:
    """Return a note that says something, and is not too long for the timeline."""
    if not note.strip() or len(note) > NOTE_LENGTH:
        raise click.BadParameter(f"write 1 to {NOTE_LENGTH:,} characters.")
    return note


@payments.command("resolve")
@click.argument("payment_id", type=click.UUID)
@click.option(
    "--note",
    required=True,
    callback=_check_note,
    help="What was done. Staff see it in the timeline.",
)
@as_json
def resolve(payment_id: UUID, note: str, *, as_json: bool) -> None:
    """Record that PAYMENT_ID needs no attention any more. No money moves.

    If its outcome is still open, it may need attention again.

    Example: mercato payments resolve 01981f2e-7a61-7000-8000-000000000001 --note "paid by cheque"
    """
    try:
        services.resolve_payment(payment_id, note)
    except NotFound as error:
        raise _no_payment(payment_id) from error
    _say(as_json, "payments resolve", f"{payment_id} needs no attention any more.", payment_id)


@payments.command("replay")
@click.argument("event_id")
@click.option("--provider", help="Needed if two providers have an event of this id.")
@as_json
@work.in_steps
def replay(event_id: str, provider: str | None, *, as_json: bool) -> None:
    """Settle the webhook event EVENT_ID once more. One that was settled has no second effect.

    Example: mercato payments replay evt_1Q2w3E4r5T
    """
    try:
        payment_id = services.replay_event(event_id, provider)
    except NotFound as error:
        what = f"there is no event {event_id}, or one of each of several providers: --provider"
        raise click.ClickException(what) from error
    except (Unknown, Misconfigured) as error:
        raise click.ClickException(
            f"the provider did not say how the payment is: {error}"
        ) from error
    _say(as_json, "payments replay", f"{event_id} is settled: payment {payment_id}.", payment_id)


def _say(as_json: bool, command: str, text: str, payment_id: UUID) -> None:  # noqa: FBT001
    if as_json:
        _print(command, payment_id=str(payment_id))
    else:
        click.echo(text)


def _print(command: str, **members: Any) -> None:
    """Print a document in the format of the platform's; its schema is in ``schemas``."""
    document = {"format": "1.0", "command": command, **members}
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def _document(row: services.OpenPayment) -> dict[str, Any]:
    since = row.attention_at and row.attention_at.isoformat()
    return {
        **row._asdict(),
        "id": str(row.id),
        "order_id": str(row.order_id),
        "attention_at": since,
    }


def _cells(row: services.OpenPayment) -> tuple[str, ...]:
    since = f"{row.attention_at:%Y-%m-%d %H:%M}" if row.attention_at else ""
    amount = f"{row.amount} {row.currency}"
    seen = (row.id, row.number, row.provider, row.status, amount, row.attention, since)
    return (*("" if cell is None else str(cell) for cell in seen), row.last_error or "")


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _no_payment(payment_id: UUID) -> click.ClickException:
    return click.ClickException(f"there is no payment {payment_id}")
