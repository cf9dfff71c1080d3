"""``mercato check``: everything that does not fit, at once."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import click

from mercato_composition.commands.frame import DOES_NOT_FIT
from mercato_composition.commands.help import Command
from mercato_composition.commands.operation import Operation
from mercato_composition.commands.operation import pass_operation
from mercato_composition.commands.output import tell
from mercato_composition.faults import DeploymentError
from mercato_composition.faults import Fault
from mercato_composition.faults import in_order

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUP = "mercato.checks"
"""Entry points of functions that ask the servers of a deployment: ``(Operation) -> faults``."""


@click.command(
    cls=Command, examples=["mercato check", "mercato --deployment production.toml check --offline"]
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--offline", is_flag=True, help="Do not ask the database.")
@pass_operation
@click.pass_context
def check(ctx: click.Context, operation: Operation, as_json: bool, offline: bool) -> None:  # noqa: FBT001
    """Say everything that does not fit, at once.

    Ends with 0 where the deployment may be started, and with 2 where it may not.
    """
    faults = _everything(operation, offline=offline)
    fits = all(fault.severity == "warning" for fault in faults)
    if as_json:
        document = {"fits": fits, "faults": [asdict(fault) for fault in faults]}
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        if faults:
            tell(faults, err=not fits)
        if fits:
            click.echo(_summary(operation, offline=offline))
    if not fits:
        ctx.exit(DOES_NOT_FIT)


def _everything(operation: Operation, *, offline: bool) -> list[Fault]:
    try:
        plan = operation.plan
    except DeploymentError as error:
        return list(error.faults)
    faults = list(plan.faults)
    if plan.fits:
        faults += _faults_of_registration(operation)
    if not offline:
        for ask in sorted(entry_points(group=GROUP)):
            faults += ask.load()(operation)
    return in_order(faults)


def _faults_of_registration(operation: Operation) -> Sequence[Fault]:
    """Register everything: names in the API document, for one, are known only then."""
    try:
        operation.app  # noqa: B018 - it is made here
    except DeploymentError as error:
        return error.faults
    return ()


def _summary(operation: Operation, *, offline: bool) -> str:
    named = ", ".join(feature.release for feature in operation.plan.features) or "no features"
    unasked = " (the database was not asked)" if offline else ""
    return f"{operation.deployment.source.name} fits: {named}{unasked}"
