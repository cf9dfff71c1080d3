"""The command that imports accounts of another system."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

import click

from mercato_kit import work
from mercato_kit.csv_files import MOST_MISTAKES
from mercato_kit.progress import Advance, Kind, Progress, progress
from mercato_users import services
from mercato_users.cli.group import commands
from mercato_users.import_files import AccountFile, ErrorFile, Record
from mercato_users.values import Mistake

T = TypeVar("T")

BATCH = 500
"""Rows of a transaction."""

REFUSED = 3
"""Exit code if rows were refused."""

_PATH = click.Path(dir_okay=False, path_type=Path)


@commands.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check the rows, and change nothing.")
@click.option("--errors", type=_PATH, help="Write the refused rows to this file, as CSV.")
@click.option("--roles", is_flag=True, help="Give the accounts the roles that the file says.")
@progress
@work.in_steps
def import_accounts(
    file: Path,
    dry_run: bool,  # noqa: FBT001 - of click
    errors: Path | None,
    roles: bool,  # noqa: FBT001 - of click
    progress: Kind,
) -> None:
    """Import accounts of another system from FILE, which is CSV or JSON in lines (.jsonl).

    Columns: email and email_verified (true or false); if there are any, password_hash, given_name,
    family_name, phone_number, locale and roles. Passwords stay valid whose hash is of argon2,
    bcrypt, scrypt or PBKDF2, also as Django and Werkzeug write it.

    A row that is wrong, or whose address has an account, is refused; the others are imported, and
    the exit code is 3. An import that was killed continues when the command is run again.

    Example: mercato users import customers.csv --errors refused.csv
    """
    accounts = AccountFile(file, with_roles=roles)
    total = sum(1 for _ in accounts.records())
    if dry_run:
        _check(accounts, total, errors, Progress(progress))
    else:
        _import(accounts, total, errors, Progress(progress))


def _import(accounts: AccountFile, total: int, errors: Path | None, shown: Progress) -> None:
    sha256 = accounts.sha256()
    reached = work.run(lambda: services.begin_import(sha256))
    if total and reached.offset == total:
        click.echo(f"{accounts.path.name} was imported before.")
    records = accounts.records()
    after = max((record.line for record in islice(records, reached.offset)), default=0)
    with (
        closing(Refused(accounts.path, errors, after)) as refused,
        shown.amounts("importing", total, "rows") as advance,
    ):
        advance(reached.offset)
        for rows in _batches(accounts, records, advance):
            reached = _import_batch(reached, rows, refused)
    click.echo(f"{reached.done} accounts imported, {reached.failed} rows refused.")
    _exit(reached.failed)


def _import_batch(
    reached: services.Reached, rows: list[services.ImportRow], refused: "Refused"
) -> services.Reached:
    def step() -> tuple[services.Reached, list[Mistake]]:
        after, mistakes = services.import_rows(reached, rows)
        refused.write(mistakes)
        return after, mistakes

    after, mistakes = work.run(step)
    refused.keep(mistakes)
    return after


def _check(accounts: AccountFile, total: int, errors: Path | None, shown: Progress) -> None:
    failed = 0
    with (
        closing(Refused(accounts.path, errors, 0)) as refused,
        shown.amounts("checking", total, "rows") as advance,
    ):
        for rows in _batches(accounts, accounts.records(), advance):
            mistakes = work.run(partial(services.refused_rows, rows), read_only=True)
            refused.write(mistakes)
            refused.keep(mistakes)
            failed += len(mistakes)
    click.echo(f"{total - failed} accounts can be imported, {failed} rows would be refused.")
    _exit(failed)


def _batches(
    accounts: AccountFile, records: Iterator[Record], advance: Advance
) -> Iterator[list[services.ImportRow]]:
    for batch in _batched(records):
        yield [services.ImportRow(record.line, accounts.load(record)) for record in batch]
        advance(len(batch))


def _batched(items: Iterable[T]) -> Iterator[list[T]]:
    left = iter(items)
    while batch := list(islice(left, BATCH)):
        yield batch


def _exit(failed: int) -> None:
    if failed:
        click.get_current_context().exit(REFUSED)


class Refused:
    """The refused rows: in a file if there is one, else the first ones on standard error.

    Args:
        path: The file that is imported.
        errors: The file to write.
        after: The last line of an earlier run whose row was committed.
    """

    def __init__(self, path: Path, errors: Path | None, after: int) -> None:
        self._name = path.name
        self._file = None if errors is None else ErrorFile(errors, after)
        self._number = 0

    def write(self, mistakes: list[Mistake]) -> None:
        """Write the mistakes of a batch that is not committed yet."""
        if self._file is not None:
            self._file.write(mistakes)

    def keep(self, mistakes: list[Mistake]) -> None:
        """Keep the mistakes of a batch that is committed."""
        if self._file is not None:
            self._file.keep()
            return
        for one in mistakes[: max(0, MOST_MISTAKES - self._number)]:
            click.echo(f"{self._name}:{one.line}: {one.text}", err=True)
        self._number += len(mistakes)

    def close(self) -> None:
        """Close the file, or say how many mistakes were not shown."""
        if self._file is not None:
            self._file.close()
        elif self._number > MOST_MISTAKES:
            more = f"and {self._number - MOST_MISTAKES} more; --errors FILE writes all"
            click.echo(more, err=True)
