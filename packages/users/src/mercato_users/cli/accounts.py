"""Commands for accounts and the roles that they have."""

import sys
from typing import Any, cast

import click
from marshmallow import ValidationError

from mercato_kit.emails import parse
from mercato_users import services
from mercato_users.cli.group import commands, find_account, force
from mercato_users.schemas import ProfileSchema
from mercato_users.values import NewUser


@commands.command("create")
@click.argument("email")
@click.option("--role", "roles", multiple=True, metavar="NAME", help="Give this role; repeatable.")
@click.option("--given-name", metavar="NAME", help="First name.")
@click.option("--family-name", metavar="NAME", help="Last name.")
def create(
    email: str, roles: tuple[str, ...], given_name: str | None, family_name: str | None
) -> None:
    """Create the account EMAIL, verified.

    The password is prompted for at a terminal, else read from the first line of standard input.

    Example: mercato users create ada@example.com --role admin
    """
    try:
        address = parse(email).written
    except ValueError as error:
        what = f"{email!r} is not an e-mail address."
        raise click.BadParameter(what, param_hint="EMAIL") from error
    names = _checked({"given_name": given_name, "family_name": family_name})
    new = NewUser(email=address, password=_read_password(), **names)
    user = services.create_verified_user(new)
    for role in roles:
        services.grant_role(user.id, role)
    held = f" with the role {', '.join(roles)}" if roles else ""
    click.echo(f"Created {user.email} ({user.id}){held}.")


@commands.command("grant")
@click.argument("email")
@click.argument("role")
def grant(email: str, role: str) -> None:
    """Give the account EMAIL a ROLE.

    Its sessions are those of staff from then on, which end earlier.

    Example: mercato users grant ada@example.com admin
    """
    user = find_account(email)
    services.grant_role(user.id, role)
    click.echo(f"{user.email} has the role {role}.")


@commands.command("revoke")
@click.argument("email")
@click.argument("role")
@force
def revoke(email: str, role: str, *, force: bool) -> None:
    """Take a ROLE from the account EMAIL.

    Example: mercato users revoke ada@example.com admin
    """
    user = find_account(email)
    services.revoke_role(user.id, role, force=force)
    click.echo(f"{user.email} does not have the role {role}.")


@commands.command("suspend")
@click.argument("email")
@click.option("--reason", metavar="TEXT", help="Why, for the audit trail.")
@force
def suspend(email: str, reason: str | None, *, force: bool) -> None:
    """Suspend the account EMAIL; its sessions end immediately.

    Example: mercato users suspend ada@example.com --reason "stolen phone"
    """
    user = find_account(email)
    services.suspend_user(user.id, reason=reason, actor_id=None, force=force)
    click.echo(f"Suspended {user.email}.")


@commands.command("reactivate")
@click.argument("email")
@click.option("--reason", metavar="TEXT", help="Why, for the audit trail.")
def reactivate(email: str, reason: str | None) -> None:
    """Reactivate the suspended account EMAIL.

    Example: mercato users reactivate ada@example.com
    """
    user = find_account(email)
    services.reactivate_user(user.id, reason=reason, actor_id=None)
    click.echo(f"Reactivated {user.email}.")


@commands.command("reset-factor")
@click.argument("email")
@click.option("--reason", metavar="TEXT", help="Why, for the audit trail.")
def reset_factor(email: str, reason: str | None) -> None:
    """Remove the second factors of the account EMAIL, whose owner has lost them.

    Its sessions end. The owner learns of it by mail, and logs in with the password alone.

    Example: mercato users reset-factor ada@example.com --reason "lost phone"
    """
    user = find_account(email)
    services.reset_second_factor(user.id, reason=reason, actor_id=None)
    click.echo(f"Removed the second factors of {user.email}.")


def _checked(names: dict[str, str | None]) -> dict[str, Any]:
    """Return *names* as the API would store them.

    Raises:
        BadParameter: It would refuse one; with the reason.
    """
    try:
        return cast("dict[str, Any]", ProfileSchema().load(names))
    except ValidationError as error:
        [name, reasons] = next(iter(error.messages_dict.items()))
        raise click.BadParameter(reasons[0], param_hint=f"--{name.replace('_', '-')}") from error


def _read_password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")
