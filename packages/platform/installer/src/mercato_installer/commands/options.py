"""Options of the commands that lock and install, and what they work on."""

# A command imports what it needs when it runs, so `mercato --help` imports only click.
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mercato_composition.commands import Operation
    from mercato_installer.installation import Installation
    from mercato_kit.progress import Kind


def _index_url(_ctx: click.Context, _param: click.Parameter, url: str | None) -> str | None:
    from mercato_composition.deployment.tables import is_safe_url

    if url is not None and not is_safe_url(url):
        raise click.BadParameter("use https://…; http:// is allowed for this machine only")
    return url


index = click.option(
    "--index",
    metavar="URL",
    callback=_index_url,
    help="The one index to use. Default: [index] url in the file, else uv's own.",
)
into = click.option(
    "--into",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of environments. Default: environments/ beside the deployment file.",
)
wait = click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=600,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for another process that locks or installs.",
)


def installation_of(
    operation: Operation,
    into: Path | None,
    wait: float = 600,
    index: str | None = None,
    progress: Kind = "auto",
    *,
    as_json: bool = False,
) -> Installation:
    """Return what a command works on. With *as_json*, progress goes to standard error."""
    from mercato_composition.deployment.packages import read
    from mercato_composition.deployment.places import Places
    from mercato_installer.installation import Installation
    from mercato_kit.progress import Progress

    requirements = read(operation.path)
    return Installation(
        requirements=requirements,
        places=Places.of(requirements.file, into),
        index=index or requirements.index,
        wait_seconds=wait,
        progress=Progress(progress, err=as_json),
    )
