"""``mercato check``: report all faults of a deployment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import click

from mercato_composition.commands.documents import as_json, print_document
from mercato_composition.commands.frame import EXIT_FAULTS
from mercato_composition.commands.help import Command
from mercato_composition.commands.operation import Operation, pass_operation
from mercato_composition.commands.output import print_faults
from mercato_composition.deployment.partial import Hole, UnknownError
from mercato_composition.faults import DeploymentError, Fault, Place, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mercato_composition.features.plan import Plan

SERVERS = "mercato.checks"
"""Entry points of functions that check a deployment's servers: ``(Operation) -> faults``."""

OFFLINE = "mercato.checks.offline"
"""The same, of functions that ask no server. They are called if the app cannot be made."""


@click.command(
    cls=Command, examples=["mercato check", "mercato --deployment production.toml check --offline"]
)
@as_json
@click.option("--offline", is_flag=True, help="Do not connect to the database or other servers.")
@pass_operation
@click.pass_context
def check(ctx: click.Context, operation: Operation, as_json: bool, offline: bool) -> None:  # noqa: FBT001
    """Report all faults of the deployment.

    The exit code is 0 if the deployment can be started, and 2 if it cannot.
    """
    operation.absent = "warning" if offline else "error"
    faults, plan, unknown = _all_faults(operation, offline=offline)
    fits = all(fault.severity == "warning" for fault in faults)
    if as_json:
        from mercato_composition.report.check import describe

        file = plan.draft.source.name if plan else _file_of(faults)
        print_document("check", **describe(file, faults, plan, unknown))
    else:
        if faults:
            print_faults(faults, [hole.what for hole in unknown], err=not fits)
        if fits:
            click.echo(_summary(operation, offline=offline))
    if not fits:
        ctx.exit(EXIT_FAULTS)


def _file_of(faults: Sequence[Fault]) -> str:
    """Return the name of the file that cannot be read at all."""
    return next((fault.place.file for fault in faults if fault.place.file), "deployment.toml")


def _all_faults(
    operation: Operation, *, offline: bool
) -> tuple[list[Fault], Plan | None, Sequence[Hole]]:
    """Return all faults, the plan if there is one, and what could not be checked."""
    from mercato_composition.features.checks.imports import own_packages_only

    try:
        plan = operation.plan
    except DeploymentError as error:
        return list(error.faults), None, ()
    faults = [*plan.faults, *own_packages_only(plan.features)]
    faults += _faults_of_registration(operation)
    if not offline:
        faults += _faults_of(SERVERS, operation)
    return _with_pending_last(in_order(faults)), plan, plan.not_checked


def _faults_of(group: str, operation: Operation) -> list[Fault]:
    """Run the checks of a group at once: a server may take seconds to say nothing."""
    checks = [entry.load() for entry in sorted(entry_points(group=group))]
    context = click.get_current_context()

    def ask(check: Callable[[Operation], Iterable[Fault]]) -> list[Fault]:
        with context.scope(cleanup=False):
            try:
                return list(check(operation))
            except DeploymentError as error:
                return list(error.faults)
            except UnknownError:
                # A fault of the deployment says why.
                return []

    with ThreadPoolExecutor(max_workers=len(checks) or 1) as threads:
        return [fault for found in threads.map(ask, checks) for fault in found]


def _with_pending_last(faults: list[Fault]) -> list[Fault]:
    """Put pending migrations behind other errors, as one: these come first in any case."""
    pending = [fault for fault in faults if fault.code == "K302" and fault.severity == "error"]
    errors = [fault for fault in faults if fault.severity == "error"]
    if len(pending) in {0, len(errors)}:
        return faults
    names = ", ".join(str(fault.place) for fault in pending)
    what = f"migrations are pending, of {names}."
    fixes = tuple(dict.fromkeys(fix for fault in pending for fix in fault.fixes))
    place = Place(name="database")
    one = replace(pending[0], place=place, what=what, fixes=fixes, feature=None)
    rest = [fault for fault in faults if fault not in pending]
    return [*(f for f in rest if f in errors), one, *(f for f in rest if f not in errors)]


def _faults_of_registration(operation: Operation) -> Sequence[Fault]:
    """Make the app: clashes in the API document, for example, show only then.

    If it cannot be made, each feature is registered alone.
    """
    # A secret that is absent may be a warning, and no app is made without it.
    has_secrets = all(fault.code != "K201" for fault in operation.plan.faults)
    if operation.plan.fits and has_secrets:
        try:
            operation.app  # noqa: B018 - the first access makes it
        except DeploymentError as error:
            return error.faults
        return ()
    return _faults_of(OFFLINE, operation)


def _summary(operation: Operation, *, offline: bool) -> str:
    releases = ", ".join(feature.release for feature in operation.plan.features) or "no features"
    unchecked = " (the database was not checked)" if offline else ""
    return f"{operation.draft.source.name} fits: {releases}{unchecked}"
