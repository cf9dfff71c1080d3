"""What the commands for data share."""

from collections.abc import Sequence

import click
import sqlalchemy as sa

from mercato_composition.commands import Operation
from mercato_composition.faults import DeploymentError
from mercato_database.data_messages import describe
from mercato_database.holdings import KIT
from mercato_database.holdings import Holding
from mercato_database.holdings import count_rows
from mercato_database.holdings import holdings
from mercato_database.holdings import rows_in_words
from mercato_database.messages import unreachable
from mercato_database.plan import empty_database
from mercato_database.plan import is_absent
from mercato_database.runner import make_engine
from mercato_kit import transactions
from mercato_kit import work
from mercato_kit.db import engine
from mercato_kit.feature import Check
from mercato_kit.feature import Feature


def list_holdings(operation: Operation) -> None:
    """Print a line a feature that the database holds data of."""
    with transactions.reading(), open_engine(operation).connect() as connection:
        found = holdings(connection)
        rows = {
            name: sum(count_rows(connection, table) for table in holding.tables)
            for name, holding in found.items()
        }
    for name, holding in found.items():
        click.echo(f"{name}: {describe(holding)}, {_state(operation, holding, rows[name])}")
    if not found:
        click.echo("Nothing.")


def _state(operation: Operation, holding: Holding, rows: int) -> str:
    if not holding.exists:
        purged = holding.entry and holding.entry.purged_at
        return f"purged {purged:%Y-%m-%d}" if purged else "no data"
    there = f"{len(holding.tables)} tables, {rows_in_words(rows)}"
    if holding.feature in operation.deployment.features or holding.feature == KIT:
        return there
    return f"{there}; this deployment does not name it"


def open_engine(operation: Operation) -> sa.Engine:
    """Make an engine without a limit on time, for a database that is there."""
    found = make_engine(operation.deployment.database_url)
    if is_absent(found):
        return empty_database()
    try:
        with transactions.reading(), found.connect():
            return found
    except sa.exc.DBAPIError as error:
        raise DeploymentError([unreachable(found.url, error)]) from error


def find_holding(connection: sa.Connection, feature: str) -> Holding:
    """Find the data of a feature, also of one whose wheel is gone."""
    found = holdings(connection)
    if feature == KIT or feature not in found:
        known = ", ".join(name for name in found if name != KIT) or "none"
        raise click.BadParameter(f"this database knows no {feature!r}. It knows: {known}")
    return found[feature]


def manifests_of(operation: Operation) -> list[Feature]:
    """Return the manifests of the deployment's features."""
    return [feature.manifest for feature in operation.plan.features]


def echo_rows(rows: dict[str, int]) -> None:
    """Print how many rows each table has."""
    for table, count in rows.items():
        click.echo(f"  {table}: {rows_in_words(count)}")


def confirm_purge(feature: str, confirmed: str | None) -> None:
    """Ask for the name of the feature again, unless an option gave it."""
    typed = confirmed or click.prompt(f"Type {feature} to take all of this away for good")
    if typed != feature:
        raise click.UsageError(f"{typed!r} is not {feature!r}; nothing was purged")


def ask_checks(operation: Operation, checks: Sequence[tuple[str, Check]]) -> list[str]:
    """Ask the checks of features, each in a transaction of its own, and return what is wrong."""
    with operation.app.app_context():
        answers = [
            (feature, check.name, work.run(check.function, read_only=True))
            for feature, check in checks
        ]
        engine().dispose()
    return [f"{feature}: {name}: {answer}" for feature, name, answer in answers if answer]
