"""Commands for operators: ``mercato orders …``."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from mercato_contracts.baskets import Address
from mercato_kit import work
from mercato_kit.errors import InvalidCursor, NotFound
from mercato_kit.progress import Advance, Kind, Progress, progress
from mercato_orders import services
from mercato_orders.files import ExportFile, Format, NothingToResume, Reached


@click.group("orders")
def orders() -> None:
    """Export orders, and read what the law keeps of them."""


@orders.command("hold")
@click.argument("number", type=click.IntRange(min=1))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show_hold(number: int, *, as_json: bool) -> None:
    """Show what the law keeps of order NUMBER after the data of its customer was erased.

    These are name, addresses and tax id of a paid order, for as long as the setting
    fiscal_hold_years says. The security log records who read it.

    Example: mercato orders hold 1001
    """
    try:
        held = services.read_hold(number)
    except NotFound as error:
        raise click.ClickException(f"nothing is held of order {number}") from error
    if as_json:
        click.echo(json.dumps({"number": number, **held}, ensure_ascii=False))
        return
    for name, value in held.items():
        click.echo(f"{name}: {_in_words(value)}")


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


def _in_words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(value[name] for name in Address.__slots__ if name in value)
    return "none" if value is None else str(value)


def _write(file: ExportFile, reached: Reached, advance: Advance) -> Reached:
    """Write the pages that follow *reached*; return how far the export has come with them."""
    advance(reached.rows)
    while not reached.complete:
        page = services.read_orders(reached.since, reached.cursor)
        reached = file.append(reached, page.orders, page.cursor)
        advance(len(page.orders))
    return reached
