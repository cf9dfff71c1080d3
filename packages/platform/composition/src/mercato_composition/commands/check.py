"""``mercato check``: report all faults of a deployment."""

from __future__ import annotations

import json
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import click

from mercato_composition.commands.frame import EXIT_FAULTS
from mercato_composition.commands.help import Command
from mercato_composition.commands.operation import Operation, pass_operation
from mercato_composition.commands.output import print_faults
from mercato_composition.faults import DeploymentError, Fault, in_order

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUP = "mercato.checks"
"""Entry points of functions that check a deployment's servers: ``(Operation) -> faults``."""


@click.command(
    cls=Command, examples=["mercato check", "mercato --deployment production.toml check --offline"]
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--offline", is_flag=True, help="Do not connect to the database or other servers.")
@pass_operation
@click.pass_context
def check(ctx: click.Context, operation: Operation, as_json: bool, offline: bool) -> None:  # noqa: FBT001
    """Report all faults of the deployment.

    The exit code is 0 if the deployment can be started, and 2 if it cannot.
    """
    faults = _all_faults(operation, offline=offline)
    fits = all(fault.severity == "warning" for fault in faults)
    if as_json:
        from mercato_composition.faults.documents import as_document

        document = {"fits": fits, "faults": [as_document(fault) for fault in faults]}
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        if faults:
            print_faults(faults, err=not fits)
        if fits:
            click.echo(_summary(operation, offline=offline))
    if not fits:
        ctx.exit(EXIT_FAULTS)


def _all_faults(operation: Operation, *, offline: bool) -> list[Fault]:
    try:
        plan = operation.plan
    except DeploymentError as error:
        return list(error.faults)
    faults = list(plan.faults)
    if plan.fits:
        faults += _faults_of_registration(operation)
    if not offline:
        for server_check in sorted(entry_points(group=GROUP)):
            faults += server_check.load()(operation)
    return in_order(faults)


def _faults_of_registration(operation: Operation) -> Sequence[Fault]:
    """Make the app: clashes in the API document, for example, show only then."""
    try:
        operation.app  # noqa: B018 - the first access makes it
    except DeploymentError as error:
        return error.faults
    return ()


def _summary(operation: Operation, *, offline: bool) -> str:
    releases = ", ".join(feature.release for feature in operation.plan.features) or "no features"
    unchecked = " (the database was not checked)" if offline else ""
    return f"{operation.deployment.source.name} fits: {releases}{unchecked}"
