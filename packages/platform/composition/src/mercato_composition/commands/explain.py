"""``mercato explain``: explain a fault's code."""

import click

from mercato_composition.commands.help import Command
from mercato_composition.faults import did_you_mean
from mercato_composition.faults.codes import codes


@click.command(cls=Command, examples=["mercato explain K108", "mercato explain"])
@click.argument("code", required=False)
def explain(code: str | None) -> None:
    """Explain what the fault CODE means and what to do about it.

    Without CODE, list all codes. Needs no deployment.
    """
    known = codes()
    if code is None:
        for one in known.values():
            click.echo(f"{click.style(one.code, bold=True)}  {one.title}")
        return
    found = known.get(code.upper())
    if found is None:
        raise click.BadParameter(f"there is no fault {code!r}.{did_you_mean(code.upper(), known)}")
    click.secho(f"{found.code}: {found.title}", bold=True)
    click.echo(f"\n{found.text}")
