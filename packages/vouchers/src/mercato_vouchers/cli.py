"""Commands for operators: ``mercato vouchers …``."""

from uuid import UUID

import click

from mercato_kit import work
from mercato_kit.errors import NotFound
from mercato_kit.text import canonical_code
from mercato_vouchers import services
from mercato_vouchers.models import CODE_LENGTH


@click.group("vouchers")
def commands() -> None:
    """Make codes of vouchers."""


@commands.command("generate")
@click.argument("voucher_id", type=click.UUID)
@click.argument("count", type=click.IntRange(1, 100_000))
@click.option("--prefix", default="", help="What the codes begin with.")
@work.in_steps
def generate(voucher_id: UUID, count: int, prefix: str) -> None:
    """Create COUNT vouchers like VOUCHER_ID, and print their random codes as CSV.

    The rules and limits are those of the voucher VOUCHER_ID: one that can be redeemed once gives
    codes that can be redeemed once each. All are created, or none. A repeated command creates
    further ones.

    Example: mercato vouchers generate 01981f2e-7a61-7000-8000-000000000001 500 --prefix SPRING-
    """
    start = canonical_code(prefix)
    if len(start) > CODE_LENGTH - 12:
        raise click.BadParameter("is too long", param_hint="--prefix")
    try:
        codes = work.run(lambda: services.copy_voucher(voucher_id, count, start))
    except NotFound as error:
        raise click.ClickException(f"there is no voucher {voucher_id}") from error
    click.echo("\n".join(["code", *codes]))
