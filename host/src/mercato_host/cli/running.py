"""Commands that run the shop."""

import logging
from typing import Any

import click

from mercato_composition.commands.help import Command
from mercato_composition.commands.operation import Operation
from mercato_composition.commands.operation import pass_operation
from mercato_composition.commands.output import tell
from mercato_composition.faults import DeploymentError
from mercato_composition.faults import Fault
from mercato_kit import work


@click.command(cls=Command, examples=["mercato seed"])
@pass_operation
def seed(operation: Operation) -> None:
    """Fill the database with sample data. Run twice, it makes nothing new.

    Refused in production.
    """
    if operation.deployment.environment == "production":
        what = "sample data was asked for in production."
        fix = "use another deployment file; nothing was written"
        raise DeploymentError([Fault("K206", operation.deployment.source.name, what, fix)])
    operation.require_fit()
    operation.require_migrated()
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
    from mercato_runtime.worker import Worker  # noqa: PLC0415

    _log_to_stderr()
    operation.require_fit()
    operation.require_migrated()
    if warnings := operation.delivery_warnings():
        tell(warnings)
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
    from mercato_runtime.server import listenable  # noqa: PLC0415
    from mercato_runtime.server import serve as run_server  # noqa: PLC0415

    _log_to_stderr()
    host, port = _address(bind) if bind else (None, None)
    chosen = operation.serve_with(host=host, port=port, workers=workers, threads=threads)
    operation.require_fit()
    operation.require_migrated()
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


def _address(bind: str) -> tuple[str, int]:
    host, colon, port = bind.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise click.BadParameter(f"{bind!r} is no HOST:PORT", param_hint="--bind")
    return host.strip("[]"), int(port)


def _log_to_stderr() -> None:
    form = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(level=logging.INFO, format=form)
