"""Commands for developers: ``mercato payments-sandbox …``."""

import signal
import sys
from pathlib import Path

import click

from mercato_kit import work
from mercato_payments_sandbox.server import prepared
from mercato_payments_sandbox.settings import current_secret


@click.group("payments-sandbox")
def sandbox() -> None:
    """Run the sandbox, a payment provider with play money."""


@sandbox.command("serve")
@click.option("--port", type=click.IntRange(1, 65_535), default=5002, show_default=True)
@click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("var/sandbox.db"),
    show_default=True,
    help="SQLite file of its payments.",
)
@click.option("--webhook", metavar="URL", help="Where events are posted to.")
@work.in_steps
def serve(port: int, database: Path, webhook: str | None) -> None:
    """Serve the sandbox on 127.0.0.1 until it is stopped.

    Its secret is the one in the settings. The webhook of a shop is
    /v1/webhooks/payments/sandbox.

    Example: mercato payments-sandbox serve --webhook http://127.0.0.1:5000/v1/webhooks/payments/sandbox
    """
    try:
        with prepared(database, current_secret(), port=port, webhook=webhook) as (made, server):
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            click.echo(f"The sandbox is open: {made.url}")
            server.serve_forever()
    except OSError as error:
        raise click.ClickException(str(error)) from error


commands = [sandbox]
