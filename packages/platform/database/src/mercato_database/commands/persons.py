"""What the commands for the data of a person have in common."""

# A command imports what it needs when it runs, so `mercato --help` imports only click.
from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from mercato_composition.commands import print_document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from mercato_composition.commands import Operation
    from mercato_kit.privacy import Kind, Subject
    from mercato_kit.progress import Progress

EXIT_UNFINISHED = 3
"""The exit code when a feature failed, or data waits for something."""

_ACTOR = "operator"

_SUBJECT = "SUBJECT is the id of an account, an e-mail address, or order:NUMBER."


@contextmanager
def app_of(operation: Operation) -> Iterator[None]:
    """Enter the context of the app, whose features are asked; the tables must be migrated."""
    from mercato_database.checks import require_migrated
    from mercato_kit.db import engine

    operation.plan.require_fit()
    require_migrated(operation)
    with operation.app.app_context():
        try:
            yield
        finally:
            engine().dispose()


def find(text: str) -> Subject:
    """Return whom an operator names.

    Raises:
        click.BadParameter: No feature knows it, and it is neither an id nor an address.
    """
    from mercato_database import privacy
    from mercato_kit import work

    subject = work.run(lambda: privacy.find_subject(text), read_only=True)
    if subject is None:
        raise click.BadParameter(f"nothing is known as {text!r}. {_SUBJECT}")
    return subject


def store(kind: Kind, subject: Subject) -> UUID:
    """Store a request of the operator, and return its id."""
    from mercato_kit import privacy, work

    return work.run(lambda: privacy.request(kind, subject, actor=_ACTOR))


def run(kind: Kind, subject: Subject, shown: Progress) -> UUID:
    """Store a request and run it, and show each feature that was asked."""
    from mercato_database import privacy

    id_ = store(kind, subject)
    privacy.run_now(id_, report=lambda feature: shown.line(f"asked {feature}"))
    return id_


def report(ctx: click.Context, command: str, id_: UUID, *, as_json: bool, **members: Any) -> None:
    """Print a request with its steps; exit with 3 while it waits or fails."""
    found = document_of(id_)
    if as_json:
        print_document(command, **found, **members)
    else:
        click.echo(line_of(found))
        for step in found["features"]:
            click.echo(line_of_step(step))
        if found["kind"] == "erase" and found["status"] == "waiting":
            click.echo(
                f"The worker asks what waits once more at {found['due_at']}: "
                "requests that were under way may have written since."
            )
        for member in filter(None, members.values()):
            click.echo(str(member))
    if found["status"] in ("waiting", "failed") or _lacks_parts(found):
        ctx.exit(EXIT_UNFINISHED)


def document_of(id_: UUID) -> dict[str, Any]:
    """Return what a request and its steps are, as JSON values."""
    from mercato_kit import privacy, work
    from mercato_kit.privacy.archives import report_of

    request = work.run(lambda: privacy.get(id_), read_only=True)
    if request is None:
        raise click.BadParameter(f"there is no request {id_}")
    return report_of(request)


def line_of(found: dict[str, Any]) -> str:
    """Return the line of a request."""
    at = found["finished_at"] or found["due_at"] or found["created_at"]
    without = "" if found["complete"] or found["status"] != "done" else ", incomplete"
    return f"{found['id']}: {found['kind']}, {found['status']}{without}, {at}"


def line_of_step(step: dict[str, Any]) -> str:
    """Return the line of a feature in a request."""
    parts = [f"{count} {name}" for name, count in step["counts"].items()]
    parts += [f"{one['count']} left: {one['reason']}" for one in step["retained"]]
    parts += [step["error"]] if step["error"] else []
    return f"  {step['feature']}: {step['status']}{': ' if parts else ''}{', '.join(parts)}"


def _lacks_parts(found: dict[str, Any]) -> bool:
    return bool(found["status"] == "done" and not found["complete"])
