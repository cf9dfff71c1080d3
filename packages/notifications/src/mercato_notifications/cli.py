"""Commands for operators: ``mercato notifications …``."""

import json
from typing import Any
from uuid import UUID

import click

from mercato_contracts.mailer import Rejected, Unavailable, Uncertain
from mercato_kit import work
from mercato_kit.errors import Conflict, NotFound
from mercato_kit.schemas import render_instant
from mercato_notifications import services
from mercato_notifications.models import STATUSES, Message

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("notifications")
def commands() -> None:
    """Look at mails, send them again, and try the mail server."""


@commands.command("list")
@click.option("--status", type=click.Choice(STATUSES), help="Only mails of this status.")
@as_json
def list_messages(status: str | None, *, as_json: bool) -> None:
    """List mails, newest first: 1,000 at most.

    Example: mercato notifications list --status failed
    """
    found = services.list_messages(status)
    if as_json:
        _print("notifications list", messages=[_summary(message) for message in found])
        return
    for message in found:
        click.echo("  ".join(_cells(message)))


@commands.command("show")
@click.argument("message_id", type=click.UUID)
@as_json
def show(message_id: UUID, *, as_json: bool) -> None:
    """Show the mail MESSAGE_ID with the values that it is written from. Secrets are not stored.

    Example: mercato notifications show 01981f2e-7a61-7000-8000-000000000001
    """
    message = _found(message_id)
    shown = {**_summary(message), "message_id": message.message_id, "context": message.context}
    if as_json:
        _print("notifications show", message=shown)
        return
    for name, value in shown.items():
        click.echo(f"{name}: {json.dumps(value, ensure_ascii=False)}")


@commands.command("resend")
@click.argument("message_id", type=click.UUID)
@as_json
def resend(message_id: UUID, *, as_json: bool) -> None:
    """Let the worker send the mail MESSAGE_ID again. Mails with secret links are refused.

    Example: mercato notifications resend 01981f2e-7a61-7000-8000-000000000001
    """
    try:
        services.resend(message_id)
    except NotFound as error:
        raise _no_message(message_id) from error
    except Conflict as error:
        raise click.ClickException(str(error.detail)) from error
    if as_json:
        _print("notifications resend", id=str(message_id))
    else:
        click.echo(f"The worker sends {message_id} again.")


@commands.command("test")
@click.argument("address")
@as_json
@work.in_steps
def test(address: str, *, as_json: bool) -> None:
    """Send a mail to ADDRESS now, as the settings say.

    Example: mercato notifications test you@your-shop.tld
    """
    try:
        message_id = services.send_test(address)
    except (Rejected, Unavailable, Uncertain) as error:
        raise click.ClickException(f"the mail was not sent: {error}") from error
    if as_json:
        _print("notifications test", message_id=message_id)
    else:
        click.echo(f"A mail to {address} was sent; its Message-ID is <{message_id}>.")


def _found(message_id: UUID) -> Message:
    try:
        return services.find_message(message_id)
    except NotFound as error:
        raise _no_message(message_id) from error


def _no_message(message_id: UUID) -> click.ClickException:
    return click.ClickException(f"there is no mail {message_id}")


def _summary(message: Message) -> dict[str, Any]:
    times = {name: getattr(message, name) for name in ("created_at", "sent_at", "next_attempt_at")}
    return {
        "id": str(message.id),
        "template": message.template,
        "recipient": message.recipient,
        "locale": message.locale,
        "status": message.status,
        "attempts": message.attempts,
        "last_error": message.last_error,
        "has_secrets": message.has_secrets,
        **{name: value and render_instant(value) for name, value in times.items()},
    }


def _cells(message: Message) -> list[str]:
    created_at = render_instant(message.created_at)
    cells = [str(message.id), created_at, message.status, message.template, message.recipient]
    return [*cells, *([message.last_error] if message.last_error else [])]


def _print(command: str, **members: Any) -> None:
    """Print a JSON document like those of the platform; its schema is in ``schemas``."""
    document = {"format": "1.0", "command": command, **members}
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))
