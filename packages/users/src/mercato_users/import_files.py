"""Files of accounts to import: CSV, or JSON in lines."""

import csv
import hashlib
import io
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import click
import marshmallow as ma
import msgspec

from mercato_kit.csv_files import mistakes_of, read_cells
from mercato_kit.files import private
from mercato_users import hashes
from mercato_users.schemas.imports import AccountCellsSchema, AccountSchema
from mercato_users.values import Mistake


class Record(NamedTuple):
    """A row of a file that was not checked yet.

    Args:
        line: The number of the line that it ends on.
        members: Its members by name; None if the line is not a JSON object.
    """

    line: int
    members: Mapping[str, Any] | None


_HEADER = b"line,text\n"


class AccountFile:
    """A file of accounts.

    Args:
        path: Its name ends in ``.csv`` or ``.jsonl``.
        with_roles: Whether its rows may have roles.

    Raises:
        ClickException: Its name ends in something else.
    """

    def __init__(self, path: Path, *, with_roles: bool) -> None:
        self.path, self._with_roles = path, with_roles
        self._is_csv = path.suffix == ".csv"
        if path.suffix not in (".csv", ".jsonl"):
            raise click.ClickException(f"{path.name}: expected a name that ends in .csv or .jsonl")
        self._schema: ma.Schema = AccountCellsSchema() if self._is_csv else AccountSchema()

    def sha256(self) -> str:
        """Return the hash that tells it from other files, in hex."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def records(self) -> Iterator[Record]:
        """Return its rows one after another.

        Raises:
            ClickException: The file is of another form.
        """
        if self._is_csv:
            return (Record(*row) for row in read_cells(self.path, self._schema))
        return self._json_lines()

    def load(self, record: Record) -> dict[str, Any] | Mistake:
        """Return the values of an account by attribute, or why the row is refused."""
        if record.members is None:
            return Mistake(record.line, "expected a JSON object")
        try:
            values: dict[str, Any] = self._schema.load(record.members)
        except ma.ValidationError as error:
            # A name in a JSON object may be several lines.
            found = "; ".join(mistakes_of(error.messages_dict))
            return Mistake(record.line, " ".join(found.split()))
        if values["roles"] and not self._with_roles:
            return Mistake(record.line, "roles: give them with --roles")
        kept = values["password_hash"]
        refusal = None if kept is None else hashes.refusal(kept)
        return values if refusal is None else Mistake(record.line, f"password_hash: {refusal}")

    def _json_lines(self) -> Iterator[Record]:
        try:
            with self.path.open(encoding="utf-8-sig") as file:
                for line, text in enumerate(file, start=1):
                    if text.strip():
                        yield Record(line, _object_in(text))
        except UnicodeDecodeError as error:
            raise click.ClickException(f"{self.path.name}: is not text in UTF-8") from error


class ErrorFile:
    """The file that has a line for each refused row, as CSV.

    The mistakes of a batch are written before it is committed. The file of an import that was
    killed is cut behind the rows that were committed, so that no row is missing or in it twice.

    Args:
        path: The file, which only its owner may read.
        after: The last line of the imported file whose row was committed; 0 for a new file.

    Raises:
        ClickException: There is another file.
    """

    def __init__(self, path: Path, after: int) -> None:
        self._file = open(path, "a+b", opener=private)  # noqa: SIM115 - see close()
        self._file.seek(0)
        if self._file.readline() not in (b"", _HEADER):
            self.close()
            raise click.ClickException(f"{path}: there is another file")
        self._end = self._file.truncate(_end_of_kept(self._file, after))
        if self._end == 0:
            self._file.write(_HEADER)
            self.keep()

    def write(self, mistakes: list[Mistake]) -> None:
        """Write the mistakes of a batch, in the place of those that were not kept."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(mistakes)
        self._file.truncate(self._end)
        self._file.write(text.getvalue().encode())
        self._file.flush()

    def keep(self) -> None:
        """Keep what was written: its batch is committed."""
        self._end = self._file.seek(0, os.SEEK_END)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _end_of_kept(file: BinaryIO, after: int) -> int:
    """Return where the mistakes of rows end that were committed; 0 for none."""
    if after == 0:
        return 0
    file.seek(0)
    end = len(file.readline())
    for line in file:
        number = line.partition(b",")[0]
        if not line.endswith(b"\n") or int(number) > after:
            break
        end += len(line)
    return end


def _object_in(text: str) -> Mapping[str, Any] | None:
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
    return found if isinstance(found, dict) else None
