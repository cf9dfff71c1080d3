"""Helpers of ``mercato data`` and ``mercato doctor``: find, print and check data."""

from collections.abc import Sequence

import click
import sqlalchemy as sa

from mercato_composition.commands import Operation
from mercato_composition.faults import DeploymentError
from mercato_database.data_faults import describe
from mercato_database.faults import unreachable
from mercato_database.holdings import KIT, Holding, count_rows, holdings, rows_in_words
from mercato_database.plan import empty_database, is_absent
from mercato_database.runner import make_engine
from mercato_kit import transactions, work
from mercato_kit.db import engine
from mercato_kit.feature import Check, Feature


def list_holdings(operation: Operation) -> None:
    """Print a line for each feature that the database holds data of."""
    with transactions.reading(), open_engine(operation).connect() as connection:
        found = holdings(connection)
        rows = {
            name: sum(count_rows(connection, table) for table in holding.tables)
            for name, holding in found.items()
        }
    for name, holding in found.items():
        click.echo(f"{name}: {describe(holding)}, {_state(operation, holding, rows[name])}")
    if not found:
        click.echo("No data.")


def _state(operation: Operation, holding: Holding, rows: int) -> str:
    if not holding.exists:
        purged = holding.entry and holding.entry.purged_at
        return f"purged {purged:%Y-%m-%d}" if purged else "no data"
    state = f"{len(holding.tables)} tables, {rows_in_words(rows)}"
    if holding.feature in operation.deployment.features or holding.feature == KIT:
        return state
    return f"{state}; this deployment does not name it"


def open_engine(operation: Operation) -> sa.Engine:
    """Create an engine without a statement timeout; an absent database counts as empty.

    Raises:
        DeploymentError: The database does not answer.
    """
    found = make_engine(operation.deployment.database_url)
    if is_absent(found):
        return empty_database()
    try:
        with transactions.reading(), found.connect():
            return found
    except sa.exc.DBAPIError as error:
        raise DeploymentError([unreachable(found.url, error)]) from error


def find_holding(connection: sa.Connection, feature: str) -> Holding:
    """Return the data of a feature, which need not be installed.

    Raises:
        click.BadParameter: The database never held data of it.
    """
    found = holdings(connection)
    if feature == KIT or feature not in found:
        known = ", ".join(name for name in found if name != KIT) or "none"
        raise click.BadParameter(f"no data of {feature!r}. Features with data: {known}")
    return found[feature]


def manifests_of(operation: Operation) -> list[Feature]:
    """Return the manifests of the deployment's features."""
    return [feature.manifest for feature in operation.plan.features]


def echo_rows(rows: dict[str, int]) -> None:
    """Print the number of rows of each table."""
    for table, count in rows.items():
        click.echo(f"  {table}: {rows_in_words(count)}")


def confirm_purge(feature: str, confirmed: str | None) -> None:
    """Ask for the name of the feature unless an option gave it.

    Raises:
        click.UsageError: It is another name.
    """
    typed = confirmed or click.prompt(f"Type {feature} to delete all of this")
    if typed != feature:
        raise click.UsageError(f"{typed!r} is not {feature!r}; nothing was purged")


def ask_checks(operation: Operation, checks: Sequence[tuple[str, Check]]) -> list[str]:
    """Run the checks of features, each in a separate transaction; return a line per problem."""
    with operation.app.app_context():
        answers = [
            (feature, check.name, work.run(check.function, read_only=True))
            for feature, check in checks
        ]
        engine().dispose()
    return [f"{feature}: {name}: {answer}" for feature, name, answer in answers if answer]
