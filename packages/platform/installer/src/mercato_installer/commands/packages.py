"""The commands ``mercato lock`` and ``mercato install``."""

# A command imports what it needs when it runs, so `mercato --help` imports only click.
from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mercato_composition.commands import (
    Command,
    Operation,
    as_json,
    pass_operation,
    print_document,
    progress,
)
from mercato_installer.commands import options
from mercato_installer.commands.options import installation_of

if TYPE_CHECKING:
    from pathlib import Path

    from mercato_kit.progress import Kind


@click.command(cls=Command, examples=["mercato lock", "mercato lock --index https://…/simple/"])
@options.index
@options.into
@options.wait
@progress
@as_json
@pass_operation
def lock(
    operation: Operation,
    index: str | None,
    into: Path | None,
    wait: float,
    progress: Kind,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Choose versions of the features, and write a lock with their hashes.

    The lock is pylock.toml beside the deployment file; keep the two together. It has only wheels,
    for the system, processor and Python of this machine, and the package of each feature.
    """
    from mercato_installer import lock as locking

    installation = installation_of(operation, into, wait, index, progress, as_json=as_json)
    changes = locking.lock(installation)
    if as_json:
        print_document("lock", lock=str(installation.places.lock), changes=changes)
        return
    for line in changes:
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
@options.index
@click.option(
    "--find-links",
    type=click.Path(exists=True, file_okay=False),
    help="A folder of wheels to install from; with --here.",
)
@options.into
@options.wait
@progress
@as_json
@pass_operation
def install(
    operation: Operation,
    here: bool,  # noqa: FBT001
    index: str | None,
    find_links: str | None,
    into: Path | None,
    wait: float,
    progress: Kind,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Create a new environment from the lock, and switch to it. `mercato deploy` does more.

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
        names = [str(one) for one in installed]
        if as_json:
            print_document("install", installed=names, environment=sys.prefix)
        else:
            click.echo(f"Installed: {', '.join(names)}" if names else "Nothing is missing.")
        return
    if find_links is not None:
        raise click.BadParameter("only with --here", param_hint="--find-links")
    from mercato_composition.deployment import lock as lockfile
    from mercato_installer import install as installing

    installation = installation_of(operation, into, wait, index, progress, as_json=as_json)
    chosen = installing.install(installation)
    if as_json:
        names = [wheel.release for wheel in lockfile.read(chosen.lock).wheels()]
        print_document("install", installed=names, environment=str(chosen.folder))
    else:
        click.echo(f"Start it with: {installation.places.current / 'bin' / 'mercato'} serve")
