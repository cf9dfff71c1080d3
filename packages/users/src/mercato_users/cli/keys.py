"""The command that rotates the keys of access tokens."""

import click

from mercato_kit.settings import current_settings
from mercato_users import services
from mercato_users.cli.group import as_json, commands, print_rows
from mercato_users.settings import UsersSettings


@commands.command("rotate-keys")
@click.option("--now", "at_once", is_flag=True, help="A key has leaked: its tokens are refused.")
@as_json
def rotate_keys(*, at_once: bool, as_json: bool) -> None:
    """Make a new key that signs access tokens, and list all keys.

    The new key is in the JWK set at once, and signs in 15 minutes. The former ones are gone when
    their last tokens have expired. With --now, both happen at once: clients refresh their tokens.

    Example: mercato users rotate-keys
    """
    if current_settings(UsersSettings).signing_key is not None:
        raise click.ClickException(
            "the setting signing_key has the keys of access tokens: write a new PEM before the "
            "others there, and remove those whose tokens have expired"
        )
    columns = ("kid", "created_at", "signs_from", "gone_at")
    rows = [
        {name: getattr(one, name) for name in columns}
        for one in services.rotate_keys(at_once=at_once)
    ]
    print_rows(rows, as_json=as_json)
