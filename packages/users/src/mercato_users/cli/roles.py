"""The command for roles."""

from collections.abc import Callable, Collection
from typing import Any

import click
import sqlalchemy as sa

from mercato_kit.db import session
from mercato_users import services
from mercato_users.cli.group import as_json, commands, print_rows
from mercato_users.models import Role


@commands.command("roles")
@click.argument("action", type=click.Choice(["list", "add", "set", "remove"]), default="list")
@click.argument("name", required=False)
@click.argument("permissions", nargs=-1)
@as_json
def roles(action: str, name: str | None, permissions: tuple[str, ...], *, as_json: bool) -> None:
    """List the roles and their permissions, or add, set or remove the role NAME.

    Without permissions, "add" and "set" make a role that holds none. A role that an account has
    cannot be removed.

    Example: mercato users roles add packers orders.read orders.fulfill
    """
    if action == "list":
        _list(as_json=as_json)
    elif name is None:
        raise click.UsageError("name the role")
    else:
        _ACTIONS[action](name, permissions)


def _list(*, as_json: bool) -> None:
    every = list(session.scalars(sa.select(Role).order_by(Role.name)))
    if as_json:
        print_rows([_as_row(role) for role in every], as_json=True)
        return
    for role in every:
        stored = sorted(one.permission for one in role.grants)
        held = "everything" if role.is_system else ", ".join(stored) or "nothing"
        click.echo(f"{role.name}: {held}")


def _as_row(role: Role) -> dict[str, Any]:
    return {
        "name": role.name,
        "is_system": role.is_system,
        "permissions": role.permissions,
        "dormant_permissions": role.dormant_permissions,
    }


def _add(name: str, permissions: Collection[str]) -> None:
    services.create_role(name, permissions)
    click.echo(f"Added the role {name}.")


def _set(name: str, permissions: Collection[str]) -> None:
    services.update_role(_known(name).id, {"permissions": permissions})
    click.echo(f"The role {name} holds {', '.join(sorted(permissions)) or 'nothing'}.")


def _remove(name: str, _permissions: Collection[str]) -> None:
    services.delete_role(_known(name).id)
    click.echo(f"Removed the role {name}.")


_ACTIONS: dict[str, Callable[[str, Collection[str]], None]] = {
    "add": _add,
    "set": _set,
    "remove": _remove,
}


def _known(name: str) -> Role:
    role = services.find_role_by_name(name)
    if role is None:
        raise click.ClickException(f"there is no role {name}")
    return role
