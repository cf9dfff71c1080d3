"""The commands ``mercato deploy``, ``mercato rollback`` and ``mercato releases``."""

# A command imports what it needs when it runs, so `mercato --help` imports only click.
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mercato_composition.commands import (
    Command,
    Operation,
    as_json,
    pass_operation,
    print_document,
    progress,
)
from mercato_installer.commands import options
from mercato_installer.commands.options import installation_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mercato_installer.inside import Step
    from mercato_installer.installation import Installation
    from mercato_installer.plan import Plan
    from mercato_installer.releases import Release
    from mercato_kit.progress import Kind

EXIT_CHANGES = 3
"""The exit code of ``deploy --plan --exit-code`` if there is something to do."""

_IDLE = "Nothing to do: the current release has this file and the newest packages."

_FILE = click.Path(path_type=Path, dir_okay=False)
_EXISTING = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command(
    cls=Command,
    examples=[
        "mercato deploy",
        "mercato deploy --plan --out plan.json",
        "mercato deploy plan.json --yes",
        "mercato deploy --finish",
    ],
)
@click.argument("kept", metavar="[PLAN.JSON]", required=False, type=_EXISTING)
@click.option("--plan", "only_plan", is_flag=True, help="Show the plan; do nothing of it.")
@click.option("--out", type=_FILE, metavar="FILE", help="Write the plan as JSON; with --plan.")
@as_json
@click.option("--exit-code", is_flag=True, help="Exit with 3 if there are changes; with --plan.")
@click.option("--yes", is_flag=True, help="Do it without a question.")
@click.option("--finish", is_flag=True, help="Remove what only older releases use.")
@options.index
@options.into
@options.wait
@progress
@pass_operation
@click.pass_context
def deploy(
    ctx: click.Context,
    operation: Operation,
    kept: Path | None,
    only_plan: bool,  # noqa: FBT001
    out: Path | None,
    as_json: bool,  # noqa: FBT001
    exit_code: bool,  # noqa: FBT001
    yes: bool,  # noqa: FBT001
    finish: bool,  # noqa: FBT001
    index: str | None,
    into: Path | None,
    wait: float,
    progress: Kind,
) -> None:
    """Bring the deployment file into service: plan, question, steps.

    The plan compares the file, the newest packages that fit and the database with the current
    release. Its environment is built beside the current one, to ask it; nothing else changes
    before the answer. Then the database is migrated, the environment becomes the current one,
    the command in [deploy] restart is run, and /readyz is asked for 60 seconds. Set the variables
    that the server will have. After an interruption, run the same command again.

    With PLAN.JSON, exactly that plan is done, or refused (K127) if something has changed since.

    With --finish, the migrations are applied that remove what only older releases use. Run it when
    no older server runs; there is no rollback behind it.
    """
    if not only_plan and (out or as_json or exit_code):
        raise click.UsageError("--out, --json and --exit-code need --plan.")
    if finish and (only_plan or kept):
        raise click.UsageError("--finish takes no plan.")
    installation = installation_of(operation, into, wait, index, progress, as_json=as_json)
    if finish:
        _finish(installation, yes=yes)
        return
    from mercato_installer import deploy as deploying, plan as plans
    from mercato_installer.planning import make_plan

    chosen = plans.read(kept) if kept else None
    name = kept.name if kept else ""
    if not only_plan:
        agree = _Agreement(yes=yes)
        number = deploying.deploy(installation, agree=agree, kept=chosen, name=name)
        if agree.refused:
            click.echo("Nothing was changed.")
            ctx.exit(1)
        click.echo(f"Release {number} is in service." if number else _IDLE)
        return
    with installation.locked():
        planned = make_plan(installation, chosen, name)
    _show(planned, as_json=as_json, out=out)
    if exit_code and planned.changes:
        ctx.exit(EXIT_CHANGES)


@click.command(cls=Command, examples=["mercato rollback", "mercato rollback 7 --keep-file"])
@click.argument("number", metavar="[N]", required=False, type=click.IntRange(min=1))
@click.option(
    "--keep-file",
    is_flag=True,
    help="Leave the deployment file and the lock as they are; needed where they are read-only.",
)
@options.into
@options.wait
@progress
@pass_operation
def rollback(
    operation: Operation,
    number: int | None,
    keep_file: bool,  # noqa: FBT001
    into: Path | None,
    wait: float,
    progress: Kind,
) -> None:
    """Go back to release N, by default the previous one: its packages, its lock and its file.

    The database never goes back, so the older release is checked with it first: it works if all
    newer migrations only added something. A file that was edited since is kept as
    deployment.toml.edited. The command in [deploy] restart is run at the end.
    """
    from mercato_installer import rollback as going

    installation = installation_of(operation, into, wait, progress=progress)
    target = going.rollback(installation, number=number, keep_file=keep_file)
    click.echo(f"Release {target.number} is the current one.")
    if keep_file:
        program = installation.places.current / "bin" / "mercato"
        click.echo(f"Start it with: {program} --deployment {target.file} serve")


@click.command(cls=Command, examples=["mercato releases", "mercato releases --json"])
@as_json
@options.into
@pass_operation
def releases(operation: Operation, as_json: bool, into: Path | None) -> None:  # noqa: FBT001
    """List the releases that are kept, the newest first."""
    from mercato_installer.releases import Releases

    found = Releases(installation_of(operation, into).places)
    used = found.current()
    rows = [_described(one, used) for one in reversed(found.all())]
    if as_json:
        print_document("releases", releases=rows)
        return
    for row in rows:
        mark = "  current" if row["current"] else ""
        gone = "" if row["complete"] else "  (its environment was removed)"
        click.echo(f"{row['number']:>4}  {row['time']}  {row['environment']}{mark}{gone}")
    if not rows:
        click.echo("No releases yet.")


class _Agreement:
    """Shows a plan, and asks whether to do it."""

    def __init__(self, *, yes: bool) -> None:
        self.yes, self.refused = yes, False

    def __call__(self, plan: Plan) -> bool:
        from mercato_installer.text import lines_of, way_back

        self.refused = not _asked(lines_of(plan), way_back(plan), yes=self.yes)
        return not self.refused


def _finish(installation: Installation, *, yes: bool) -> None:
    from mercato_installer import deploy as deploying
    from mercato_installer.text import finish_lines, finish_way_back

    requirements = installation.requirements

    def agree(release: Release, steps: Sequence[Step]) -> bool:
        environment = str(requirements.source.values.get("environment", "production"))
        lines = finish_lines(requirements.source.name, environment, release.number, steps)
        agreed = _asked(lines, finish_way_back(release.number), yes=yes)
        if not agreed:
            click.echo("Nothing was changed.")
            click.get_current_context().exit(1)
        return agreed

    if not deploying.finish(installation, agree=agree):
        click.echo("Nothing to do: the database has nothing that only older releases use.")


def _asked(lines: Sequence[str], last: str, *, yes: bool) -> bool:
    click.echo("\n".join(lines))
    if yes:
        click.echo(last)
        return True
    return click.confirm(f"{last}   Do it?", prompt_suffix=" ")


def _show(planned: Plan, *, as_json: bool, out: Path | None) -> None:
    import msgspec

    from mercato_installer.environments import write
    from mercato_installer.text import lines_of, way_back

    document = msgspec.json.format(msgspec.json.encode(planned))
    if out is not None:
        write(out.absolute(), document + b"\n")
    if as_json:
        click.echo(document.decode())
        return
    if not planned.changes:
        click.echo(_IDLE)
        return
    click.echo("\n".join([*lines_of(planned), way_back(planned)]))


def _described(release: Release, used: Release | None) -> dict[str, object]:
    record = release.record
    return {
        "number": release.number,
        "time": record.time,
        "environment": record.environment,
        "current": used is not None and used.number == release.number,
        "complete": release.environment.is_complete,
        "heads": {"before": dict(record.heads.before), "after": dict(record.heads.after)},
    }
