"""Files of exported orders: CSV for spreadsheets, JSON lines for programs.

An export writes ``FILE.part`` and, after each page, how far it has come to ``FILE.resume``, so that
one that was killed can continue. ``FILE`` appears when it is complete.
"""

import csv
import io
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from mercato_kit.files import private
from mercato_orders.schemas import OrderSummarySchema

Format = Literal["csv", "jsonl"]

COLUMNS = (*OrderSummarySchema.Meta.fields, "shipping_method", "shipping_country", "tax_id")
"""The columns of a CSV file, which has a row for each order. JSON lines have all of an order."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class NothingToResume(Exception):
    """There is no export of the file with the same options that ended early."""


class Reached(msgspec.Struct, frozen=True):
    """How far an export has come.

    Args:
        format: The format of the file.
        since: The time of the first order; None for all.
        cursor: The cursor of the next page; None before the first, and after the last.
        complete: Whether the last page is written.
        rows: Orders written.
        size: Bytes written. What a killed export wrote beyond them is cut off.
    """

    format: Format
    since: datetime | None
    cursor: str | None = None
    complete: bool = False
    rows: int = 0
    size: int = 0


class ExportFile:
    """A file that is written in pages, each of them for good.

    Args:
        path: The file, which does not exist.

    Raises:
        FileExistsError: It exists.
    """

    def __init__(self, path: Path) -> None:
        if path.exists():
            raise FileExistsError(path)
        self.path = path
        self.part = path.with_name(f"{path.name}.part")
        self._reached = path.with_name(f"{path.name}.resume")

    def begin(self, start: Reached) -> Reached:
        """Begin anew, with the header of the format."""
        self.part.unlink(missing_ok=True)
        header = ",".join(COLUMNS) + "\n" if start.format == "csv" else ""
        return self._write(start, header)

    def resume(self, start: Reached) -> Reached:
        """Cut off what the export before wrote after its last page, and return how far it came.

        Raises:
            NothingToResume: There is none with the format and the time of *start*.
        """
        try:
            reached = msgspec.json.decode(self._reached.read_bytes(), type=Reached)
            size = self.part.stat().st_size
        except (OSError, msgspec.DecodeError) as error:
            raise NothingToResume from error
        if (reached.format, reached.since) != (start.format, start.since) or size < reached.size:
            raise NothingToResume
        os.truncate(self.part, reached.size)
        return reached

    def append(
        self, reached: Reached, orders: Iterable[Mapping[str, Any]], cursor: str | None
    ) -> Reached:
        """Write a page, and return how far the export has come with it."""
        rows = list(orders)
        count = reached.rows + len(rows)
        now = msgspec.structs.replace(reached, cursor=cursor, rows=count, complete=not cursor)
        return self._write(now, _TEXT[now.format](rows))

    def finish(self) -> None:
        """Give the file its name.

        Raises:
            FileExistsError: A file of this name has appeared meanwhile.
        """
        self.path.hardlink_to(self.part)
        self.part.unlink()
        self._reached.unlink()

    def _write(self, reached: Reached, text: str) -> Reached:
        content = text.encode()
        with open(self.part, "ab", opener=private) as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        now = msgspec.structs.replace(reached, size=reached.size + len(content))
        # A rename, so that a kill leaves the one or the other.
        new = self._reached.with_name(f"{self._reached.name}.new")
        with open(new, "wb", opener=private) as out:
            out.write(msgspec.json.encode(now))
        new.replace(self._reached)
        return now


def _json_lines(orders: list[Mapping[str, Any]]) -> str:
    return "".join(msgspec.json.encode(order).decode() + "\n" for order in orders)


def _csv(orders: list[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(_cells(order) for order in orders)
    return text.getvalue()


_TEXT: Mapping[Format, Callable[[list[Mapping[str, Any]]], str]] = {
    "csv": _csv,
    "jsonl": _json_lines,
}


def _cells(order: Mapping[str, Any]) -> list[object]:
    address = order["shipping_address"] or {}
    values = {**order, "shipping_country": address.get("country")}
    return [_cell(values[name]) for name in COLUMNS]


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    # A spreadsheet would run text of a customer that begins like a formula.
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
