"""Commands that bring features to this machine."""

# A command imports what it needs when it runs, so `mercato --help` imports click alone.
from pathlib import Path

import click

from mercato_composition.commands import Command
from mercato_composition.commands import Operation
from mercato_composition.commands import pass_operation


def _index_url(_ctx: click.Context, _param: click.Parameter, url: str | None) -> str | None:
    from mercato_composition.deployment.tables import is_safe_url

    if url is not None and not is_safe_url(url):
        raise click.BadParameter("write https://…; plain http is for this machine alone")
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
    help="Where environments are. Default: environments/ beside the deployment file.",
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
    """Choose versions of the features, and write them down with their hashes.

    The file is pylock.toml, beside the deployment file; keep it with that. It names wheels only,
    for the kind of machine that runs this command, and says which package each feature is.
    """
    from mercato_composition.deployment.packages import read
    from mercato_composition.deployment.places import Places
    from mercato_installer import lock as locking
    from mercato_installer.tools import Uv

    wish = read(operation.path)
    places = Places.of(wish.file, into)
    changes = locking.lock(
        wish,
        places,
        Uv(),
        index=index or wish.index,
        wait_seconds=wait,
        on_progress=click.echo,
    )
    for line in changes:
        click.echo(f"  {line}")
    click.echo(f"{places.lock.name} is written. Install it with: mercato install")


@click.command(
    cls=Command,
    examples=[
        "mercato install",
        "mercato install --here",
        "mercato install --here --find-links dist",
    ],
)
@click.option("--here", is_flag=True, help="Into the environment that runs this command.")
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
    """Make a new environment of what the lock names, and use it from now on.

    Its wheels are fetched, compared with the lock and looked into before anything is unpacked;
    `mercato check` must be content with it before it is used as environments/current. Give it
    the variables that the server will have. Interrupted, type the same command again.

    With --here it installs what is missing into the environment that runs this, for development:
    no lock is read.
    """
    if here:
        _install_here(operation, index, find_links)
        return
    if find_links is not None:
        raise click.BadParameter("only with --here", param_hint="--find-links")
    from mercato_composition.deployment.packages import read
    from mercato_composition.deployment.places import Places
    from mercato_installer import install as installing
    from mercato_installer.tools import Uv

    wish = read(operation.path)
    places = Places.of(wish.file, into)
    installing.install(
        wish,
        places,
        Uv(),
        index=index or wish.index,
        wait_seconds=wait,
        on_progress=click.echo,
    )
    click.echo(f"Start it with: {places.current / 'bin' / 'mercato'} serve")


@click.command(cls=Command, examples=["mercato rollback"])
@_into
@_wait
@pass_operation
def rollback(operation: Operation, into: Path | None, wait: float) -> None:
    """Use the environment again that was used before, and its lock.

    It does not touch the database: check with `mercato db check` whether the older features can
    work with its tables.
    """
    from mercato_composition.deployment.packages import read
    from mercato_composition.deployment.places import Places
    from mercato_installer import install as installing

    wish = read(operation.path)
    places = Places.of(wish.file, into)
    installing.rollback(wish, places, wait_seconds=wait, on_progress=click.echo)


def _install_here(operation: Operation, index: str | None, find_links: str | None) -> None:
    from mercato_installer.here import install as install_here

    done = install_here(operation.deployment, index=index, find_links=find_links)
    if done:
        click.echo("Installed: " + ", ".join(map(str, done)))
    else:
        click.echo("Nothing is missing.")
