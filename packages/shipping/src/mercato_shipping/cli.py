"""Commands for operators: ``mercato shipping …``."""

from pathlib import Path

import click

from mercato_kit.csv_files import to_csv
from mercato_shipping import services
from mercato_shipping.errors import AreaTaken
from mercato_shipping.files import read_zones, rows_of
from mercato_shipping.schemas import RateRowSchema


@click.group("shipping")
def commands() -> None:
    """Import and list shipping zones."""


@commands.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
def import_zones(file: Path, *, dry_run: bool) -> None:
    """Create or replace the zones in FILE, a CSV file in the format of `mercato shipping list`.

    All zones are imported or none. Zones that the file does not have stay, and a second run changes
    nothing. A mistake is reported with its line.

    Example: mercato shipping import zones.csv --dry-run
    """
    zones = read_zones(file)
    try:
        done = services.import_zones(zones, dry_run=dry_run)
    except AreaTaken as refusal:
        what = f"{file.name}: a zone that is not in the file has an area of one that is"
        raise click.ClickException(what) from refusal
    would = "would be " if dry_run else ""
    click.echo(
        f"{done.created} zones {would}created, {done.changed} {would}changed, "
        f"{done.unchanged} unchanged."
    )


@commands.command("list")
def list_zones() -> None:
    """Print all zones as CSV, in the format that `mercato shipping import` reads.

    Example: mercato shipping list > zones.csv
    """
    click.echo(to_csv(RateRowSchema(), rows_of(services.all_zones())), nl=False)
