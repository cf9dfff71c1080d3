"""Commands for operators: ``mercato users …``."""

import sys
from typing import Any, cast

import click
from marshmallow import ValidationError

from mercato_kit.emails import parse
from mercato_users import services
from mercato_users.schemas import ProfileSchema
from mercato_users.values import NewUser


@click.group("users")
def commands() -> None:
    """Create accounts and list roles."""


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


@commands.command("roles")
def list_roles() -> None:
    """List the roles and their permissions."""
    for name, permissions in services.list_roles().items():
        held = "everything" if permissions is None else ", ".join(permissions) or "nothing"
        click.echo(f"{name}: {held}")


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
