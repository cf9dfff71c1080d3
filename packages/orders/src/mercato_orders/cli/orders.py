"""Commands for operators: ``mercato orders …``."""

from datetime import UTC, datetime
from pathlib import Path

import click

from mercato_kit import work
from mercato_kit.errors import InvalidCursor
from mercato_kit.progress import Advance, Kind, Progress, progress
from mercato_orders import services
from mercato_orders.files import ExportFile, Format, NothingToResume, Reached


@click.group("orders")
def orders() -> None:
    """Export orders."""


@orders.command("export")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["csv", "jsonl"]),
    default="csv",
    show_default=True,
    help="csv: a row with the amounts and states of each order. jsonl: all of it, as in the API.",
)
@click.option(
    "--to",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file to write, which must not exist.",
)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]),
    help="Only orders that were placed since this time; UTC without an offset.",
)
@click.option("--resume", is_flag=True, help="Continue an export that ended early.")
@progress
@work.in_steps
def export(
    format_: Format,
    file: Path,
    since: datetime | None,
    resume: bool,  # noqa: FBT001 - of click
    progress: Kind,
) -> None:
    """Write orders to a file, oldest first. The file has personal data, and is its owner's only.

    The file appears when it is complete; until then it is FILE.part. An export that was killed
    continues with --resume and the same options. Orders that are placed meanwhile may be missing.

    Example: mercato orders export --format jsonl --to orders.jsonl --since 2026-01-01
    """
    if since is not None and since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    try:
        written = ExportFile(file)
        start = Reached(format_, since)
        reached = written.resume(start) if resume else written.begin(start)
        total = services.count_orders(since)
        with Progress(progress).amounts("exporting", total, "rows") as advance:
            reached = _write(written, reached, advance)
        written.finish()
    except (NothingToResume, InvalidCursor) as error:
        what = f"{file}: no export with these options ended early; leave --resume out"
        raise click.ClickException(what) from error
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror or 'the file exists'}") from error
    click.echo(f"{reached.rows} orders in {file}.")


def _write(file: ExportFile, reached: Reached, advance: Advance) -> Reached:
    """Write the pages that follow *reached*; return how far the export has come with them."""
    advance(reached.rows)
    while not reached.complete:
        page = services.read_orders(reached.since, reached.cursor)
        reached = file.append(reached, page.orders, page.cursor)
        advance(len(page.orders))
    return reached
