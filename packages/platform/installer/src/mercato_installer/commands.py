"""The commands ``mercato lock``, ``mercato install`` and ``mercato rollback``."""

# A command imports what it needs when it runs, so `mercato --help` imports only click.
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mercato_composition.commands import Command, Operation, pass_operation

if TYPE_CHECKING:
    from mercato_installer.installation import Installation


def _index_url(_ctx: click.Context, _param: click.Parameter, url: str | None) -> str | None:
    from mercato_composition.deployment.tables import is_safe_url

    if url is not None and not is_safe_url(url):
        raise click.BadParameter("use https://…; http:// is allowed for this machine only")
    return url


_index = click.option(
    "--index",
    metavar="URL",
    callback=_index_url,
    help="The one index to use. Default: [index] url in the file, else uv's own.",
)
_into = click.option(
    "--into",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of environments. Default: environments/ beside the deployment file.",
)
_wait = click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=600,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for another process that locks or installs.",
)


@click.command(cls=Command, examples=["mercato lock", "mercato lock --index https://…/simple/"])
@_index
@_into
@_wait
@pass_operation
def lock(operation: Operation, index: str | None, into: Path | None, wait: float) -> None:
    """Choose versions of the features, and write a lock with their hashes.

    The lock is pylock.toml beside the deployment file; keep the two together. It has only wheels,
    for the system, processor and Python of this machine, and the package of each feature.
    """
    from mercato_installer import lock as locking

    installation = _installation(operation, into, wait, index)
    for line in locking.lock(installation):
        click.echo(f"  {line}")
    click.echo(f"Wrote {installation.places.lock.name}. Install it with: mercato install")


@click.command(
    cls=Command,
    examples=[
        "mercato install",
        "mercato install --here",
        "mercato install --here --find-links dist",
    ],
)
@click.option("--here", is_flag=True, help="Install into the environment that runs this command.")
@_index
@click.option(
    "--find-links",
    type=click.Path(exists=True, file_okay=False),
    help="A folder of wheels to install from; with --here.",
)
@_into
@_wait
@pass_operation
def install(
    operation: Operation,
    here: bool,  # noqa: FBT001
    index: str | None,
    find_links: str | None,
    into: Path | None,
    wait: float,
) -> None:
    """Create a new environment from the lock, and switch to it.

    The wheels are downloaded, compared with the lock and checked before they are unpacked.
    environments/current points to the new environment after `mercato check` passes in it, so set
    the variables that the server will have. After an interruption, run the same command again.

    With --here, missing features are installed into the environment that runs this command, for
    development; the lock is not read.
    """
    if here:
        from mercato_installer.here import install as install_here

        operation.needs_no_secret()
        installed = install_here(operation.draft, index=index, find_links=find_links)
        names = ", ".join(map(str, installed))
        click.echo(f"Installed: {names}" if installed else "Nothing is missing.")
        return
    if find_links is not None:
        raise click.BadParameter("only with --here", param_hint="--find-links")
    from mercato_installer import install as installing

    installation = _installation(operation, into, wait, index)
    installing.install(installation)
    click.echo(f"Start it with: {installation.places.current / 'bin' / 'mercato'} serve")


@click.command(cls=Command, examples=["mercato rollback"])
@_into
@_wait
@pass_operation
def rollback(operation: Operation, into: Path | None, wait: float) -> None:
    """Switch back to the previous environment and its lock.

    The database is not changed: `mercato db check` shows whether the older features can use its
    tables.
    """
    from mercato_installer import install as installing

    installing.rollback(_installation(operation, into, wait))


def _installation(
    operation: Operation, into: Path | None, wait: float, index: str | None = None
) -> "Installation":
    from mercato_composition.deployment.packages import read
    from mercato_composition.deployment.places import Places
    from mercato_installer.installation import Installation

    requirements = read(operation.path)
    return Installation(
        requirements=requirements,
        places=Places.of(requirements.file, into),
        index=index or requirements.index,
        wait_seconds=wait,
        on_progress=click.echo,
    )
