"""Commands for operators: ``mercato products …``."""

import click

from mercato_kit import work
from mercato_products import services

REPORTED = 10_000
"""Products after which a line says how far the command is."""


@click.group("products")
def commands() -> None:
    """Maintain what lists and search read."""


@commands.command("reindex")
@work.in_steps
def reindex() -> None:
    """Write anew the rows that lists and search read.

    Every change of a product keeps them up to date, so this is for rows that were written by other
    programs. The shop stays open meanwhile. If the command is interrupted, the worker goes on, and
    so does the next run.

    Example: mercato products reindex
    """
    click.echo(f"Indexed {services.reindex(_report)} products.")


def _report(done: int, count: int) -> None:
    if done % REPORTED == 0:
        click.echo(f"{done} of {count} products", err=True)
