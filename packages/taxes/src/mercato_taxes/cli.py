"""Commands for operators: ``mercato taxes …``."""

from collections.abc import Iterable
from pathlib import Path

import click

from mercato_kit.csv_files import InvalidCsv, Row, read_csv, to_csv
from mercato_taxes import services
from mercato_taxes.schemas import RateRowSchema, row_of


@click.group("taxes")
def commands() -> None:
    """Import and list tax rates."""


@commands.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
def import_rates(file: Path, *, dry_run: bool) -> None:
    """Create or change the rates in FILE, a CSV file in the format of `mercato taxes list`.

    All rows are imported or none. Rates that the file does not have stay, and a second run changes
    nothing. A mistake is reported with its line.

    Example: mercato taxes import rates.csv --dry-run
    """
    rows = read_csv(file, RateRowSchema(), services.mistakes_of)
    _refuse_repeated(file, rows)
    done = services.import_rates([rate for _, rate in rows], _report, dry_run=dry_run)
    would = "would be " if dry_run else ""
    click.echo(
        f"{done.created} rates {would}created, {done.changed} {would}changed, "
        f"{done.unchanged} unchanged."
    )


@commands.command("list")
def list_rates() -> None:
    """Print all rates as CSV, in the format that `mercato taxes import` reads.

    Example: mercato taxes list > rates.csv
    """
    rows = map(row_of, services.all_rates())
    click.echo(to_csv(RateRowSchema(), rows), nl=False)


def _refuse_repeated(file: Path, rows: Iterable[Row]) -> None:
    first: dict[object, int] = {}
    mistakes = []
    for line, rate in rows:
        before = first.setdefault(services.key_of(rate), line)
        if before != line:
            mistakes.append(f"{file.name}:{line}: is the same rate as line {before}")
    if mistakes:
        raise InvalidCsv(mistakes)


def _report(done: int, count: int) -> None:
    click.echo(f"{done} of {count} rates", err=True)
