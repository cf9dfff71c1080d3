"""``mercato data export``, ``erase``, ``requests`` and ``erasures``: the data of a person."""

# A command imports what it needs when it runs, so `mercato --help` imports only click.
from __future__ import annotations

import json
from pathlib import Path
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
from mercato_database.commands import persons
from mercato_kit.progress import Progress

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from mercato_kit.privacy import Subject
    from mercato_kit.progress import Kind as Shown


@click.command(
    cls=Command,
    examples=[
        "mercato data export ann@example.com --to ann.zip",
        "mercato data export order:1001 --to order.zip",
    ],
)
@click.argument("subject")
@click.option(
    "--to", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The zip file."
)
@progress
@as_json
@pass_operation
@click.pass_context
def export(
    ctx: click.Context,
    operation: Operation,
    subject: str,
    to: Path,
    progress: Shown,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Write all data of a person to a zip file: a report, and a JSON file for each feature.

    SUBJECT is the id of an account, an e-mail address, or order:NUMBER. An address names the
    account that has proved it, and the orders of guests with it; an order names itself alone.

    A feature that fails is asked again by the worker, and by this command when you repeat it;
    after five times the file is written without it, and the report says so.
    """
    from mercato_kit import privacy, work

    with persons.app_of(operation):
        id_ = persons.run("export", persons.find(subject), Progress(progress, err=as_json))
        file = work.run(lambda: privacy.read_archive(id_), read_only=True)
        if file is not None:
            _write(to, file)
        persons.report(ctx, "data export", id_, as_json=as_json, file=str(to) if file else None)


@click.command(
    cls=Command,
    examples=[
        "mercato data erase ann@example.com --dry-run",
        "mercato data erase ann@example.com --now",
        "mercato data erase --replay erasures.jsonl",
    ],
)
@click.argument("subject", required=False)
@click.option("--dry-run", is_flag=True, help="Show what would be erased; change nothing.")
@click.option("--now", is_flag=True, help="Erase now; else the worker does it soon.")
@click.option(
    "--replay",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Repeat the erasures of this file of `mercato data erasures`, after a restore.",
)
@progress
@as_json
@pass_operation
@click.pass_context
def erase(
    ctx: click.Context,
    operation: Operation,
    subject: str | None,
    dry_run: bool,  # noqa: FBT001
    now: bool,  # noqa: FBT001
    replay: Path | None,
    progress: Shown,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Erase all data of a person. What the law or an open order needs stays, and is named.

    SUBJECT is the id of an account, an e-mail address, or order:NUMBER. An address names the
    account that has proved it, and the orders of guests with it; an order names itself alone.

    Each feature erases in a transaction of its own. Ten minutes later the worker asks each once
    more, because requests that were under way may have written since. Until then, and while a
    feature fails, waits for an open order, or has data and is not enabled, the request is open,
    and the exit code is 3.
    """
    if (subject is None) == (replay is None):
        raise click.UsageError("Name a SUBJECT, or a file with --replay.")
    if dry_run and (replay is not None or now):
        raise click.UsageError("--dry-run tries a SUBJECT, without --now and --replay.")
    shown = Progress(progress, err=as_json)
    with persons.app_of(operation):
        if replay is not None:
            _replay(ctx, replay, shown, as_json=as_json)
        elif dry_run:
            _try(persons.find(str(subject)), as_json=as_json)
        elif now:
            id_ = persons.run("erase", persons.find(str(subject)), shown)
            persons.report(ctx, "data erase", id_, as_json=as_json)
        else:
            id_ = persons.store("erase", persons.find(str(subject)))
            persons.report(ctx, "data erase", id_, as_json=as_json)


@click.command(
    cls=Command,
    examples=["mercato data requests", "mercato data requests ID", "mercato data requests --json"],
)
@click.argument("request", required=False, type=click.UUID)
@as_json
@pass_operation
@click.pass_context
def requests(
    ctx: click.Context,
    operation: Operation,
    request: UUID | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """List the newest requests of persons, or show what each feature has done for one.

    The worker runs them. One that failed is tried again for 30 days; `mercato doctor` names it.
    With the id of a request, the exit code is 3 while it waits or fails.
    """
    from mercato_kit import work
    from mercato_kit.privacy.archives import report_of
    from mercato_kit.privacy.requests import newest

    with persons.app_of(operation):
        if request is not None:
            persons.report(ctx, "data requests", request, as_json=as_json)
            return
        found = work.run(lambda: [report_of(one) for one in newest()], read_only=True)
    if as_json:
        print_document("data requests", requests=found)
        return
    for one in found:
        click.echo(persons.line_of(one))
    if not found:
        click.echo("No requests.")


@click.command(
    cls=Command,
    examples=[
        "mercato data erasures > erasures.jsonl",
        "mercato data erasures --since 2027-01-31 > erasures.jsonl",
    ],
)
@click.option(
    "--since",
    type=click.DateTime(),
    metavar="TIME",
    help="Only those since this time (UTC), such as 2027-01-31 or 2027-01-31T12:00:00.",
)
@as_json
@pass_operation
def erasures(operation: Operation, since: datetime | None, as_json: bool) -> None:  # noqa: FBT001
    """Print the ids of what was erased, a line of JSON each. It has no other data.

    Keep this file apart from the backups of the database: after one was restored, `mercato data
    erase --replay FILE` erases again what it brought back.
    """
    from datetime import UTC

    from mercato_database import privacy
    from mercato_kit import work

    moment = None if since is None else since.replace(tzinfo=UTC)
    with persons.app_of(operation):
        found = work.run(lambda: list(privacy.record(moment)), read_only=True)
    if as_json:
        print_document("data erasures", erasures=found)
        return
    for line in found:
        click.echo(json.dumps(line))


COMMANDS = (export, erase, requests, erasures)


def _replay(ctx: click.Context, file: Path, shown: Progress, *, as_json: bool) -> None:
    from mercato_database import privacy
    from mercato_kit import work

    try:
        lines = privacy.read_record(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.ClickException(f"{file}: {error}") from error
    subjects = work.run(lambda: list(privacy.subjects_in(lines)), read_only=True)
    reports = [persons.document_of(persons.run("erase", one, shown)) for one in subjects if one]
    if as_json:
        print_document("data erase", requests=reports)
    else:
        for one in reports:
            click.echo(persons.line_of(one))
        click.echo(f"Repeated {len(reports)} erasures.")
    if any(one["status"] != "done" for one in reports):
        ctx.exit(persons.EXIT_UNFINISHED)


def _try(subject: Subject, *, as_json: bool) -> None:
    from mercato_database import privacy
    from mercato_kit.privacy import Erased

    found = []
    for feature, result in privacy.try_erasing(subject):
        one: dict[str, Any] = {"feature": feature, "counts": {}, "retained": [], "error": None}
        if isinstance(result, Erased):
            one["counts"] = dict(result.counts)
            one["retained"] = [{"reason": it.reason, "count": it.count} for it in result.waiting]
        else:
            one["error"] = type(result).__name__
        found.append(one)
    if as_json:
        print_document("data erase", would_erase=found)
        return
    for one in found:
        click.echo(persons.line_of_step({"status": "would erase", **one}))


def _write(to: Path, content: bytes) -> None:
    """Write the file, which only its owner may read."""
    from mercato_kit.files import private

    with open(to, "wb", opener=private) as file:
        file.write(content)
