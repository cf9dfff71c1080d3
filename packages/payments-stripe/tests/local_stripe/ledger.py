"""What the local Stripe keeps: objects as JSON, keys, events, movements of money, and its clock."""

import json
import secrets
import sqlite3
import threading
import time
from contextlib import contextmanager
from random import Random

TABLES = """
CREATE TABLE IF NOT EXISTS object (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, kind TEXT, parent TEXT, body TEXT);
CREATE TABLE IF NOT EXISTS kept (
    key TEXT PRIMARY KEY, request TEXT, status INTEGER, body TEXT, at REAL);
CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, type TEXT, intent TEXT, body TEXT, due_at REAL,
    copies INTEGER, status INTEGER DEFAULT 0, attempts INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS movement (
    seq INTEGER PRIMARY KEY, kind TEXT, charge_id TEXT, amount INTEGER, reference TEXT);
CREATE TABLE IF NOT EXISTS task (seq INTEGER PRIMARY KEY, due_at REAL, verb TEXT, id TEXT);
CREATE TABLE IF NOT EXISTS option (name TEXT PRIMARY KEY, value TEXT);
"""
NAMES = ("object", "kept", "event", "movement", "task", "option")


class Ledger:
    """The data; one piece of work at a time.

    Args:
        database: The SQLite file.
        verbs: What is done when a task is due, by its verb: a function of ledger and id.
    """

    def __init__(self, database, verbs):
        self.db = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        self.db.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; {TABLES}")
        self._verbs = verbs
        self._lock = threading.RLock()
        self._set_random()

    @contextmanager
    def work(self):
        """Do several things or none, after what is due."""
        with self._lock:
            self.db.execute("BEGIN IMMEDIATE")
            try:
                self._run_due()
                yield self
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")

    def close(self):
        """Close the file."""
        self.db.close()

    def now(self):
        """Return the time of the clock, in seconds since 1970."""
        return time.time() + self.option("clock", 0)

    def option(self, name, default):
        """Return an option."""
        row = self.db.execute("SELECT value FROM option WHERE name = ?", (name,)).fetchone()
        return default if row is None else json.loads(row["value"])

    def set_option(self, name, value):
        """Write an option."""
        self.db.execute("INSERT OR REPLACE INTO option VALUES (?, ?)", (name, json.dumps(value)))
        self._set_random()

    def happens(self, fault):
        """Return whether a fault happens now, by chance."""
        return self._random.random() < self.option("faults", {}).get(fault, 0)

    def reset(self):
        """Forget everything."""
        with self.work():
            for name in NAMES:
                self.db.execute(f"DELETE FROM {name}")  # noqa: S608 - the names are above
        self._set_random()

    def add(self, prefix, kind, parent=None, **fields):
        """Insert an object, and return it."""
        made = {"id": f"{prefix}_{secrets.token_hex(12)}", "object": kind, **fields}
        made.setdefault("created", int(self.now()))
        self.db.execute(
            "INSERT INTO object (id, kind, parent, body) VALUES (?, ?, ?, ?)",
            (made["id"], kind, parent, json.dumps(made)),
        )
        return made

    def find(self, id_, kind):
        """Return an object of a kind; None if there is none."""
        row = self.db.execute(
            "SELECT body FROM object WHERE id = ? AND kind = ?", (id_, kind)
        ).fetchone()
        return None if row is None else json.loads(row["body"])

    def save(self, changed):
        """Write an object that was changed."""
        row = json.dumps(changed), changed["id"]
        self.db.execute("UPDATE object SET body = ? WHERE id = ?", row)

    def all(self, kind, parent=None):
        """Return the objects of a kind, newest first."""
        rows = self.db.execute(
            "SELECT body FROM object WHERE kind = ? AND parent IS COALESCE(?, parent)"
            " ORDER BY seq DESC",
            (kind, parent),
        )
        return [json.loads(row["body"]) for row in rows]

    def move(self, kind, charge_id, amount, reference):
        """Write that money moved."""
        self.db.execute(
            "INSERT INTO movement (kind, charge_id, amount, reference) VALUES (?, ?, ?, ?)",
            (kind, charge_id, amount, reference),
        )

    def plan(self, seconds, verb, id_):
        """Do something later."""
        row = self.now() + seconds, verb, id_
        self.db.execute("INSERT INTO task (due_at, verb, id) VALUES (?, ?, ?)", row)

    def _run_due(self):
        due = "DELETE FROM task WHERE due_at <= ? RETURNING verb, id"
        for row in self.db.execute(due, (self.now(),)).fetchall():
            self._verbs[row["verb"]](self, row["id"])

    def _set_random(self):
        self._random = Random(self.option("faults", {}).get("seed"))  # noqa: S311 - repeatable
