"""The commands ``mercato serve``, ``worker``, ``seed``, ``routes`` and ``composition``."""

# A command imports what it needs when it runs, so `mercato --help` imports only click.
from __future__ import annotations

import dataclasses
import logging
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mercato_composition.commands import (
    Command,
    Operation,
    as_json,
    pass_operation,
    print_document,
    print_faults,
)
from mercato_composition.faults import (
    DeploymentError,
    Fault,
    Fix,
    Outside,
    Place,
    Variable,
    mercato,
)

if TYPE_CHECKING:
    from mercato_composition.deployment.model import Deployment, Server

_log = logging.getLogger(__name__)


@click.command(cls=Command, examples=["mercato seed"])
@pass_operation
def seed(operation: Operation) -> None:
    """Fill the database with sample data. A second run adds nothing.

    Refused in production.
    """
    from mercato_database.checks import require_migrated
    from mercato_kit import work

    if operation.draft.environment == "production":
        what = "sample data is not written in production."
        fix = "use the deployment file of a test or development environment"
        raise DeploymentError(
            [Fault("K206", Place(file=operation.draft.source.name), what, (Outside(fix),))]
        )
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
@click.option("--once", is_flag=True, help="Deliver what is due, run every job, and exit.")
@pass_operation
@click.pass_context
def worker(ctx: click.Context, operation: Operation, once: bool) -> None:  # noqa: FBT001
    """Deliver events to their handlers, and run the jobs of the features.

    Any number of workers can run at once. With --once it exits with 1 if a delivery or a job
    failed; failures are retried later.
    """
    from mercato_database.checks import require_migrated
    from mercato_runtime import logs
    from mercato_runtime.checks import check_deliveries
    from mercato_runtime.worker import Worker

    logs.configure(operation.deployment)
    operation.plan.require_fit()
    require_migrated(operation)
    if warnings := check_deliveries(operation):
        print_faults(warnings)
    running = Worker(operation.app)
    running.stop_on_signals()
    if not once:
        running.run()
        return
    tally = running.run_due()
    click.echo(f"delivered {tally.delivered}, failed {tally.failed}")
    if tally.failed:
        ctx.exit(1)


@click.command(
    cls=Command, examples=["mercato serve", "mercato serve --bind 0.0.0.0:8000 --workers 4"]
)
@click.option("--bind", metavar="HOST:PORT", help="Default: host and port in [server].")
@click.option("--workers", type=click.IntRange(1, 256), help="Number of processes.")
@click.option("--threads", type=click.IntRange(1, 256), help="Concurrent requests per process.")
@pass_operation
def serve(operation: Operation, bind: str | None, workers: int | None, threads: int | None) -> None:
    """Serve HTTP requests.

    Does not start while migrations are pending.
    """
    from mercato_database.checks import require_migrated
    from mercato_runtime import logs
    from mercato_runtime.metrics import processes
    from mercato_runtime.server import listen, serve as run_server

    logs.configure(operation.deployment)
    host, port = _address(bind) if bind else (None, None)
    chosen = operation.serve_with(host=host, port=port, workers=workers, threads=threads)
    operation.plan.require_fit()
    require_migrated(operation)
    try:
        listener = listen(chosen.host, chosen.port)
    except OSError as error:
        what = f"cannot listen on {chosen.host}:{chosen.port}: {error.strerror}."
        other: Fix = mercato("serve", "--bind", f"{chosen.host}:<port>")
        fix = dataclasses.replace(other, certainty="fill")
        raise _refused(operation, what, fix) from error
    if missing := _missing(operation.deployment):
        _log.warning("Not for the open internet: missing is %s.", " and ".join(missing))
    with ExitStack() as stack:
        # Before the app is made: its counters are shared by the processes that are forked.
        try:
            stack.enter_context(processes.shared())
        except OSError as error:
            listener.close()
            what = f"cannot make a folder for metrics: {error.strerror}."
            fix = Variable("TMPDIR", "'<a writable folder>'", certainty="fill")
            raise _refused(operation, what, fix) from error
        run_server(operation.app, listener, workers=chosen.workers, threads=chosen.threads)


@click.command(cls=Command, examples=["mercato routes", "mercato routes --json"])
@as_json
@pass_operation
def routes(operation: Operation, as_json: bool) -> None:  # noqa: FBT001
    """List every route of the features, and who may call it.

    "anyone" needs no account, "signed_in" needs an account, "person" the account of a person; any
    other word is a permission.
    """
    operation.needs_no_secret()
    operation.plan.require_fit()
    rows = [
        (rule, method, _who(route.allow), feature.name)
        for feature in operation.plan.features
        for rule, _, route in feature.rules
        for method in route.methods
    ]
    head = ("route", "method", "who may call", "feature")
    if as_json:
        names = ("route", "method", "allow", "feature")
        found = [dict(zip(names, row, strict=True)) for row in sorted(rows)]
        print_document("routes", routes=found)
        return
    widths = [max(len(row[place]) for row in [head, *rows]) for place in range(4)]
    for row in [head, *sorted(rows)]:
        line = "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


@click.command(
    cls=Command,
    examples=[
        "mercato composition",
        "mercato composition --link",
        "mercato composition --html it.html",
    ],
)
@click.option("--link", is_flag=True, help="Print an address that opens the page once.")
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write the page to a file.",
)
@as_json
@pass_operation
def composition(operation: Operation, link: bool, html: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Show what the deployment is composed of, and its conditions.

    --link prints an address of the page /composition for a browser, which sends no token. It works
    once, within 5 minutes, and opens the page for an hour.
    """
    from mercato_runtime.composition import access, views

    operation.plan.require_fit()
    with operation.app.test_request_context("/composition"):
        if link:
            address = address_of(operation.deployment.server)
            click.echo(f"{address}/composition/link/{access.make_token()}")
        elif html:
            views.write_file(html)
        elif as_json:
            print_document("composition", **views.read_composition())
        else:
            click.echo(_as_text(views.read_composition()))


def address_of(server: Server) -> str:
    """Return the address that browsers reach a server by."""
    if server.url:
        return server.url
    if server.hosts:
        scheme = "https" if server.trusted_proxies else "http"
        port = "" if server.trusted_proxies else f":{server.port}"
        return f"{scheme}://{server.hosts[0].lstrip('.')}{port}"
    host = "127.0.0.1" if server.host in ("0.0.0.0", "::") else server.host  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{server.port}"


def _as_text(document: dict[str, Any]) -> str:
    rows = [(it["name"], it["status"], it["message"]) for it in document["conditions"]]
    rows += [
        (it["name"], it["state"], it["health"] or it["summary"]) for it in document["features"]
    ]
    widths = [max(len(row[place]) for row in rows) for place in (0, 1)]
    return "\n".join(f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]}" for row in rows)


def _refused(operation: Operation, what: str, fix: Fix) -> DeploymentError:
    return DeploymentError([Fault("K202", Place(file=operation.draft.source.name), what, (fix,))])


def _who(policy: object) -> str:
    return str(getattr(policy, "name", "nobody"))


def _missing(deployment: Deployment) -> list[str]:
    """Return what a server on the open internet has and this one does not."""
    needed = {
        'environment = "production"': deployment.environment == "production",
        "a proxy that ends TLS (trusted_proxies in [server])": deployment.server.trusted_proxies,
    }
    return [what for what, there in needed.items() if not there]


def _address(bind: str) -> tuple[str, int]:
    host, colon, port = bind.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise click.BadParameter(f"{bind!r} is not HOST:PORT", param_hint="--bind")
    return host.strip("[]"), int(port)
