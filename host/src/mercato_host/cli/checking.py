"""Commands that look at a deployment and start nothing."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from dataclasses import replace

import click

from mercato_composition.commands.help import Command
from mercato_composition.commands.operation import DOES_NOT_FIT
from mercato_composition.commands.operation import Operation
from mercato_composition.commands.operation import pass_operation
from mercato_composition.commands.output import tell
from mercato_composition.deployment.servers import unreachable_servers
from mercato_composition.faults import DeploymentError
from mercato_composition.faults import Fault
from mercato_composition.faults import in_order
from mercato_runtime.health import ask


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


@click.command(cls=Command, examples=["mercato routes"])
@pass_operation
def routes(operation: Operation) -> None:
    """List every route of the features, and who may call it.

    "anyone" is everybody, "signed_in" whoever is known; anything else is a permission.
    """
    operation.require_fit()
    rows = [
        (rule, method, _who(route.allow), feature.name)
        for feature in operation.plan.features
        for rule, _, route in feature.rules
        for method in route.methods
    ]
    head = ("route", "method", "who may call", "feature")
    widths = [max(len(row[place]) for row in [head, *rows]) for place in range(4)]
    for row in [head, *sorted(rows)]:
        line = "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


def _everything(operation: Operation, *, offline: bool) -> list[Fault]:
    try:
        plan = operation.plan
    except DeploymentError as error:
        return list(error.faults)
    faults = list(plan.faults)
    if plan.fits:
        faults += _faults_of_registration(operation)
    if not offline:
        faults += [*_faults_of_data(operation), *unreachable_servers(operation.deployment)]
        if all(fault.severity == "warning" for fault in faults):
            faults += _ill_features(operation)
    return in_order(faults)


def _faults_of_data(operation: Operation) -> list[Fault]:
    faults = operation.database_faults()
    answers = all(fault.feature not in (None, "kit") for fault in faults)
    # Events are asked for in the tables of this kit.
    waiting = operation.delivery_warnings() if answers else []
    return [*faults, *operation.data_warnings(), *waiting]


def _faults_of_registration(operation: Operation) -> tuple[Fault, ...]:
    """Register everything: names in the API document, for one, are known only then."""
    try:
        operation.app  # noqa: B018 - it is made here
    except DeploymentError as error:
        return error.faults
    return ()


def _ill_features(operation: Operation) -> Iterator[Fault]:
    """Ask the health checks that are not required: those of servers outside the deployment."""
    with operation.app.app_context():
        for feature in operation.plan.features:
            for check in feature.manifest.health:
                if not check.required and (answer := ask(check)) is not None:
                    fix = f"start it, or correct [features.{feature.name}.settings]"
                    fault = feature.fault("K207", f"{check.name}: {answer}", fix)
                    yield replace(fault, severity="warning")


def _summary(operation: Operation, *, offline: bool) -> str:
    named = ", ".join(feature.release for feature in operation.plan.features) or "no features"
    unasked = " (the database was not asked)" if offline else ""
    return f"{operation.deployment.source.name} fits: {named}{unasked}"


def _who(policy: object) -> str:
    return str(getattr(policy, "name", "nobody"))
