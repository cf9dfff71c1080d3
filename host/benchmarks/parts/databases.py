"""Empty databases of each kind, durable ones, that can be copied as they are at a moment."""

import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mercato_testing.postgresql import running_server


@dataclass(frozen=True)
class Database:
    """An empty database.

    Args:
        kind: ``sqlite`` or ``postgresql``.
        url: Where it is.
        copy: Copies it as it is now, and returns the URL of the copy. Nobody may be connected.
    """

    kind: str
    url: str
    copy: Callable[[], str]


@contextmanager
def databases(place: Path) -> Iterator[list[Database]]:
    """Offer a database of each kind, with all that it needs in the folder *place*."""
    with running_server(place / "postgresql", durable=True) as server:

        def copy() -> str:
            return server.create_database(f"copy_{secrets.token_hex(4)}", template="shop")

        yield [
            _sqlite(place / "shop.db"),
            Database("postgresql", server.create_database("shop"), copy),
        ]


def _sqlite(file: Path) -> Database:
    def copy() -> str:
        target = file.with_name(f"copy-{secrets.token_hex(4)}.db")
        with closing(sqlite3.connect(file)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)
        return f"sqlite:///{target}"

    return Database("sqlite", f"sqlite:///{file}", copy)
