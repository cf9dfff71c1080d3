"""Commands for operators: ``mercato users …``."""

import sys

import click

from mercato_users import emails, services
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
    if not emails.is_deliverable(email):
        raise click.BadParameter(f"{email!r} is not an e-mail address.", param_hint="EMAIL")
    new = NewUser(
        email=email, password=_read_password(), given_name=given_name, family_name=family_name
    )
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


def _read_password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")
