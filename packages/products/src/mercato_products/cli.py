"""Commands for operators: ``mercato products …``."""

import click

from mercato_products import services


@click.group("products")
def commands() -> None:
    """Maintain what lists and search read."""


@commands.command("reindex")
def reindex() -> None:
    """Write anew the rows that lists and search read.

    Every change of a product keeps them as they are, so this is for rows that were written by other
    programs. Changes of products wait until it is done.

    Example: mercato products reindex
    """
    click.echo(f"Indexed {services.reindex()} products.")
