"""``mercato explain``: explain a fault's code."""

from collections.abc import Mapping

import click

from mercato_composition.commands.documents import as_json, print_document
from mercato_composition.commands.help import Command
from mercato_composition.faults import did_you_mean
from mercato_composition.faults.codes import Code, codes


@click.command(cls=Command, examples=["mercato explain K108", "mercato explain"])
@click.argument("code", required=False)
@as_json
def explain(code: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Explain what the fault CODE means and what to do about it.

    Without CODE, list all codes. Needs no deployment.
    """
    known = codes()
    chosen = list(known.values()) if code is None else [_find(code, known)]
    if as_json:
        rows = [{"code": it.code, "title": it.title, "text": it.text} for it in chosen]
        print_document("explain", codes=rows)
    elif code is None:
        for one in chosen:
            click.echo(f"{click.style(one.code, bold=True)}  {one.title}")
    else:
        [one] = chosen
        click.secho(f"{one.code}: {one.title}", bold=True)
        click.echo(f"\n{one.text}")


def _find(code: str, known: Mapping[str, Code]) -> Code:
    if code.upper() not in known:
        raise click.BadParameter(f"there is no fault {code!r}.{did_you_mean(code.upper(), known)}")
    return known[code.upper()]
