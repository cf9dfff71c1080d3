"""``mercato doctor``: find dangling references, and run the data checks of features."""

# A command imports what it needs when it runs, so `mercato --help` imports only click.
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mercato_composition.commands import (
    Command,
    Operation,
    as_json,
    pass_operation,
    print_document,
    progress,
)
from mercato_composition.commands.frame import EXIT_FAULTS
from mercato_kit.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mercato_composition.faults import Fault
    from mercato_kit.progress import Advance, Kind


@click.command(cls=Command, examples=["mercato doctor", "mercato doctor --json"])
@progress
@as_json
@pass_operation
@click.pass_context
def doctor(ctx: click.Context, operation: Operation, progress: Kind, as_json: bool) -> None:  # noqa: FBT001
    """Check the data of all features. Changes nothing.

    Finds rows that refer to missing rows of another feature, secrets that a former secret key
    seals, and requests for the data of a person that fail, and runs the checks that the features
    declare. Exits with 2 if something is wrong.
    """
    from mercato_composition.faults import render
    from mercato_composition.faults.documents import as_document
    from mercato_database import ledger
    from mercato_database.checks import database_errors, open_engine, require_migrated
    from mercato_database.privacy.findings import stuck
    from mercato_database.references import dangling, references
    from mercato_database.runner import make_engine
    from mercato_database.sealed import faults_of, tallies
    from mercato_kit import transactions

    require_migrated(operation)
    manifests = [feature.manifest for feature in operation.plan.features]
    engine = open_engine(operation, make_engine)
    faults: list[Fault] = []
    with database_errors(operation), transactions.reading(), engine.connect() as connection:
        known = references(connection, ledger.read(connection), manifests)
        with Progress(progress).amounts("references", len(known), "steps") as advance:
            for reference in known:
                faults += dangling(connection, [reference])
                advance(1)
        faults += stuck(connection)
    for tally in tallies(operation):
        faults += faults_of(tally)
    checks = sum(len(manifest.doctor) for manifest in manifests)
    with Progress(progress).amounts("checks", checks, "steps") as advance:
        answers = list(_ask_checks(operation, advance)) if checks else []
    if as_json:
        found = {"faults": [as_document(fault) for fault in faults], "answers": answers}
        print_document("doctor", references=len(known), checks=checks, **found)
    else:
        if faults:
            click.echo(render(faults))
        for answer in answers:
            click.echo("{feature}: {check}: {answer}".format_map(answer))
        click.echo(f"Checked {len(known)} references, and ran {checks} checks.")
    if answers or any(fault.severity == "error" for fault in faults):
        ctx.exit(EXIT_FAULTS)


def _ask_checks(operation: Operation, advance: Advance) -> Iterator[dict[str, Any]]:
    """Run the checks of features, each in a separate transaction; give what is wrong."""
    from mercato_kit import work
    from mercato_kit.db import engine

    with operation.app.app_context():
        for feature in operation.plan.features:
            for check in feature.manifest.doctor:
                if answer := work.run(check.function, read_only=True):
                    yield {"feature": feature.name, "check": check.name, "answer": str(answer)}
                advance(1)
        engine().dispose()
