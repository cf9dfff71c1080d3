"""The command for accounts of programs."""

import click

from mercato_users import services
from mercato_users.cli.group import commands


@commands.command("create-service")
@click.argument("name")
@click.option("--role", "roles", multiple=True, metavar="NAME", help="Give this role; repeatable.")
def create_service(name: str, roles: tuple[str, ...]) -> None:
    """Create the account NAME for a program: without a password, it cannot log in.

    Its address for other commands is NAME@service.invalid. Staff make its API keys.

    Example: mercato users create-service stock-sync --role packers
    """
    user = services.create_service(name)
    for role in roles:
        services.grant_role(user.id, role)
    held = f" with the role {', '.join(roles)}" if roles else ""
    click.echo(f"Created {user.email} ({user.id}){held}.")
