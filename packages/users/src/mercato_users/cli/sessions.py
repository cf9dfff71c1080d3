"""Commands for the sessions and the audit trail of an account."""

from uuid import UUID

import click
import sqlalchemy as sa

from mercato_kit.db import session
from mercato_kit.http import PageRequest
from mercato_users import services
from mercato_users.cli.group import MOST_ROWS, as_json, commands, find_account, print_rows
from mercato_users.models import AuditEvent, User


@commands.command("sessions")
@click.argument("email")
@click.option("--end", metavar="ID|all", help="End this session, or all.")
@as_json
def sessions(email: str, end: str | None, *, as_json: bool) -> None:
    """List the open sessions of the account EMAIL, or end them.

    Example: mercato users sessions ada@example.com --end all
    """
    user = find_account(email)
    if end is not None:
        _end(user, end)
        return
    page = services.list_sessions(user.id, PageRequest(sort="-created_at", limit=MOST_ROWS))
    columns = ("id", "created_at", "last_seen_at", "device", "ip_prefix")
    rows = [{name: getattr(one, name) for name in columns} for one in page.data]
    print_rows(rows, as_json=as_json)


def _end(user: User, which: str) -> None:
    if which == "all":
        services.revoke_sessions(user.id, reason=None, actor_id=None)
        click.echo(f"Ended all sessions of {user.email}.")
        return
    try:
        services.end_session(user.id, UUID(which), actor_id=None)
    except ValueError as error:
        raise click.BadParameter(f"{which!r} is no id", param_hint="--end") from error
    click.echo(f"Ended the session {which} of {user.email}.")


@commands.command("audit")
@click.argument("email")
@as_json
def audit(email: str, *, as_json: bool) -> None:
    """List what happened to the account EMAIL, newest first: at most 100 events.

    Example: mercato users audit ada@example.com --json
    """
    of_user = sa.select(AuditEvent).where(AuditEvent.user_id == find_account(email).id)
    newest = of_user.order_by(AuditEvent.created_at.desc(), AuditEvent.id.desc()).limit(MOST_ROWS)
    columns = ("created_at", "type", "by", "ip_prefix")
    rows = [{name: getattr(one, name) for name in columns} for one in session.scalars(newest)]
    print_rows(rows, as_json=as_json)
