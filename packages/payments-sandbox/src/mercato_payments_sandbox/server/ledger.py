"""The ledger: one SQLite file, which survives a killed process and a cut of power."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from random import Random

import msgspec

TABLES = ("event", "task", "movement", "refund", "charge", "answer", "option")
"""The tables, each before those that it refers to."""

Row = sqlite3.Row


class Faults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes wrong by chance: probabilities from 0 to 1.

    Args:
        seed: Of the random numbers.
        timeout_before: A call gets no answer and has no effect.
        timeout_after: A call has its effect and gets no answer.
        decline: A card is declined.
        duplicate: An event is sent twice.
        disorder: An event is sent up to 3 s later.
        drop: An event is not sent.
        error_500: A call is answered with 500, in half of the cases after its effect.
        delay_ms: A call is answered this much later.
    """

    seed: int = 0
    timeout_before: float = 0
    timeout_after: float = 0
    decline: float = 0
    duplicate: float = 0
    disorder: float = 0
    drop: float = 0
    error_500: float = 0
    delay_ms: int = 0


@dataclass
class Work:
    """One transaction of the ledger.

    Args:
        db: The connection.
        now: Seconds since 1970 by the sandbox's clock.
        base_url: Address of the sandbox, for browsers.
        faults: What goes wrong by chance.
        random: Its random numbers.
    """

    db: sqlite3.Connection
    now: float
    base_url: str
    faults: Faults
    random: Random = field(repr=False)

    def happens(self, probability: float) -> bool:
        """Draw whether something with a probability happens."""
        return probability > 0 and self.random.random() < probability


class Ledger:
    """The sandbox's data, for all threads of one process.

    Args:
        path: Of the SQLite file; it and its folder are made if they are absent.
        base_url: Address of the sandbox, for browsers.
    """

    def __init__(self, path: Path, base_url: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self._lock = threading.Lock()
        self._base_url = base_url
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA foreign_keys = ON")
        tables = resources.files("mercato_payments_sandbox.server") / "tables.sql"
        self._db.executescript(tables.read_text())
        self._read_options()

    @contextmanager
    def work(self) -> Iterator[Work]:
        """Run a transaction; it is rolled back if the block raises."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield Work(self._db, self.now(), self._base_url, self.faults, self._random)
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise

    def now(self) -> float:
        """Return the time of the sandbox's clock."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock."""
        self._keep("offset", str(self._offset + seconds))

    def set_faults(self, faults: Faults) -> None:
        """Say what goes wrong by chance from now on."""
        self._keep("faults", msgspec.json.encode(faults).decode())

    def reset(self) -> None:
        """Forget everything, options included."""
        with self.work() as work:
            for table in TABLES:
                work.db.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours
        self._read_options()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _keep(self, name: str, value: str) -> None:
        with self.work() as work:
            work.db.execute("INSERT OR REPLACE INTO option VALUES (?, ?)", (name, value))
        self._read_options()

    def _read_options(self) -> None:
        with self._lock:
            options = dict(self._db.execute("SELECT name, value FROM option").fetchall())
        self._offset = float(options.get("offset", 0))
        self.faults = msgspec.json.decode(options.get("faults", "{}"), type=Faults)
        self._random = Random(self.faults.seed)  # noqa: S311 - repeatable by its seed
