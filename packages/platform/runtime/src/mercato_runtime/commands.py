"""Commands that run the shop."""

# A command imports what it needs when it runs, so `mercato --help` imports click alone.
import logging
from typing import Any

import click

from mercato_composition.commands import Command
from mercato_composition.commands import Operation
from mercato_composition.commands import pass_operation
from mercato_composition.commands import print_faults
from mercato_composition.faults import DeploymentError
from mercato_composition.faults import Fault


@click.command(cls=Command, examples=["mercato seed"])
@pass_operation
def seed(operation: Operation) -> None:
    """Fill the database with sample data. Run twice, it makes nothing new.

    Refused in production.
    """
    from mercato_database.checks import require_migrated
    from mercato_kit import work

    if operation.deployment.environment == "production":
        what = "sample data was asked for in production."
        fix = "use another deployment file; nothing was written"
        raise DeploymentError([Fault("K206", operation.deployment.source.name, what, fix)])
    operation.plan.require_fit()
    require_migrated(operation)
    samples: dict[str, list[Any]] = {}
    for feature in operation.plan.features:
        make = feature.manifest.sample_data
        if make is None:
            continue
        with operation.app.app_context():
            for line in work.run(lambda make=make: make(samples)):  # type: ignore[misc]
                click.echo(f"{feature.name}: {line}")


@click.command(cls=Command, examples=["mercato worker", "mercato worker --once"])
@click.option("--once", is_flag=True, help="Do what is due now, run every job, and end.")
@pass_operation
@click.pass_context
def worker(ctx: click.Context, operation: Operation, once: bool) -> None:  # noqa: FBT001
    """Deliver events to their handlers, and run the jobs of the features.

    Run as many as you like. With --once it ends with 1 where something failed; that is tried
    again later.
    """
    from mercato_database.checks import require_migrated
    from mercato_runtime.checks import check_deliveries
    from mercato_runtime.worker import Worker

    _log_to_stderr()
    operation.plan.require_fit()
    require_migrated(operation)
    if warnings := check_deliveries(operation):
        print_faults(warnings)
    work_horse = Worker(operation.app)
    work_horse.stop_on_signals()
    if not once:
        work_horse.run()
        return
    tally = work_horse.work_off()
    click.echo(f"delivered {tally.delivered}, failed {tally.failed}")
    if tally.failed:
        ctx.exit(1)


@click.command(
    cls=Command, examples=["mercato serve", "mercato serve --bind 0.0.0.0:8000 --workers 4"]
)
@click.option("--bind", metavar="HOST:PORT", help="Default: what [server] in the file says.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes.")
@click.option("--threads", type=click.IntRange(1, 256), help="Requests at once in a process.")
@pass_operation
def serve(operation: Operation, bind: str | None, workers: int | None, threads: int | None) -> None:
    """Answer requests.

    Refuses to start while migrations are pending.
    """
    from mercato_database.checks import require_migrated
    from mercato_runtime.server import listenable
    from mercato_runtime.server import serve as run_server

    _log_to_stderr()
    host, port = _address(bind) if bind else (None, None)
    chosen = operation.serve_with(host=host, port=port, workers=workers, threads=threads)
    operation.plan.require_fit()
    require_migrated(operation)
    try:
        host, port = listenable(chosen.host, chosen.port)
    except OSError as error:
        what = f"{chosen.host}:{chosen.port} cannot be listened on: {error.strerror}."
        fix = "end who listens there, or take another: `mercato serve --bind 127.0.0.1:8000`"
        raise DeploymentError(
            [Fault("K202", operation.deployment.source.name, what, fix)]
        ) from error
    run_server(
        operation.app,
        host=host,
        port=port,
        workers=chosen.workers,
        threads=chosen.threads,
    )


@click.command(cls=Command, examples=["mercato routes"])
@pass_operation
def routes(operation: Operation) -> None:
    """List every route of the features, and who may call it.

    "anyone" is everybody, "signed_in" every account; anything else is a permission.
    """
    operation.plan.require_fit()
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


def _who(policy: object) -> str:
    return str(getattr(policy, "name", "nobody"))


def _address(bind: str) -> tuple[str, int]:
    host, colon, port = bind.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise click.BadParameter(f"{bind!r} is no HOST:PORT", param_hint="--bind")
    return host.strip("[]"), int(port)


def _log_to_stderr() -> None:
    form = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(level=logging.INFO, format=form)
