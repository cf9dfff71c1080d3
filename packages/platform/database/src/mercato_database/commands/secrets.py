"""``mercato secrets``: by which keys secrets in the database are sealed."""

# A command imports what it needs when it runs, so `mercato --help` imports only click.
from __future__ import annotations

import click

from mercato_composition.commands import (
    Command,
    Operation,
    as_json,
    pass_operation,
    print_document,
)
from mercato_composition.commands.frame import EXIT_FAULTS


@click.group
def secrets() -> None:
    """See by which keys secrets in the database are sealed."""


@secrets.command(cls=Command, examples=["mercato secrets status", "mercato secrets status --json"])
@as_json
@pass_operation
@click.pass_context
def status(ctx: click.Context, operation: Operation, as_json: bool) -> None:  # noqa: FBT001
    """Count sealed values by the key that seals them. Changes nothing.

    The worker seals those of the previous key anew. When none is left, secret_key_previous can be
    removed. Exits with 2 if a value cannot be opened. Values of features that are not enabled are
    not counted.
    """
    import dataclasses

    from mercato_database.checks import database_errors, require_migrated
    from mercato_database.sealed import tallies

    operation.plan.require_fit()
    require_migrated(operation)
    with database_errors(operation):
        found = tallies(operation)
    previous = operation.deployment.secret_key_previous
    until = None if previous is None else previous.until.isoformat()
    if as_json:
        columns = [dataclasses.asdict(one) for one in found]
        print_document("secrets status", previous_until=until, columns=columns)
    else:
        click.echo(f"previous key: {f'accepted until {until}' if until else 'none'}")
        for one in found:
            numbers = f"current {one.current}, previous {one.previous}, unknown {one.unknown}"
            click.echo(f"{one.column}: {numbers}")
    if any(one.unknown for one in found):
        ctx.exit(EXIT_FAULTS)
