"""The group of commands, and what they share."""

import json
from datetime import datetime
from typing import Any

import click
import sqlalchemy as sa

from mercato_kit.db import session
from mercato_kit.emails import canonical_email
from mercato_kit.schemas import render_instant
from mercato_users.models import User

MOST_ROWS = 100
"""Rows that a command prints: the newest."""

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
force = click.option("--force", is_flag=True, help="Even if no administrator is left.")


@click.group("users")
def commands() -> None:
    """Create accounts, give them roles, suspend them, and see what they do."""


def find_account(email: str) -> User:
    """Return the account of an address.

    Raises:
        ClickException: There is none.
    """
    of_address = User.email_canonical == canonical_email(email)
    user = session.scalar(sa.select(User).where(of_address))
    if user is None:
        raise click.ClickException(f"there is no account with the address {email}")
    return user


def print_rows(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    """Print rows as JSON, or each as a line of its values."""
    if as_json:
        click.echo(json.dumps(rows, default=_plain, indent=2))
        return
    for row in rows:
        click.echo("  ".join(_plain(value) for value in row.values() if value is not None))


def _plain(value: object) -> str:
    return render_instant(value) if isinstance(value, datetime) else str(value)
