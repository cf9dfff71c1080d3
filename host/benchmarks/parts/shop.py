"""A shop of many products: its database is filled once and copied for each run."""

import hashlib
import json
import secrets
import shutil
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import sqlalchemy as sa
from filelock import FileLock
from flask import Flask

from mercato_host import create_app
from mercato_kit.db import engine
from mercato_kit.http import pagination
from mercato_testing.postgresql.accounts import usable_account
from mercato_testing.postgresql.installation import initialise, install
from mercato_testing.postgresql.locks import take_shared
from mercato_testing.postgresql.server import Server
from mercato_users import access_tokens, passwords
from mercato_users.models import User
from parts import rows
from parts.measuring import run
from parts.tables import say

ROOT = Path(__file__).parents[3]
KEPT = ROOT / "var/bench"
"""What is kept for the next run; it may be removed at any time."""

_SEARCH_OF_SQLITE = (
    "INSERT INTO products_search_index (rowid, words) SELECT number, words FROM products_search",
    "CREATE VIRTUAL TABLE temp.terms USING fts5vocab (main, products_search_index, row)",
    "INSERT INTO products_search_word SELECT term FROM terms WHERE term NOT LIKE '@%'",
)
# ts_stat() keeps words in a tree that it does not balance: it takes hours for a million of them.
_VOCABULARY_OF_POSTGRESQL = """
INSERT INTO products_search_word
SELECT DISTINCT word FROM products_search, unnest(tsvector_to_array(words)) AS word
WHERE word NOT LIKE '@%'
"""

FEATURES = ("users", "products", "orders", "payments_manual")
MERCATO = str(Path(sys.executable).with_name("mercato"))


@dataclass(frozen=True)
class Shop:
    """A filled database, and what requests to it need.

    Args:
        url: The database.
        count: How many products it has.
        deployment: The deployment file of ours.
        token: An access token of the customer.
        public_key: What it is signed with, in base64url.
        deep: The cursor of a page in the middle of all products.
        postmaster: The id of PostgreSQL's first process; 0 on SQLite.
    """

    url: str
    count: int
    deployment: str
    token: str
    public_key: str
    deep: str
    postmaster: int

    @classmethod
    def load(cls, file: str) -> "Shop":
        """Read what :meth:`save` wrote."""
        return cls(**json.loads(Path(file).read_text()))

    def save(self, file: Path) -> str:
        """Write it to a file that the servers read, and return the name of the file."""
        file.write_text(json.dumps(vars(self)))
        return str(file)


@contextmanager
def opened(place: Path, count: int, database: str) -> Iterator[Shop]:
    """Yield a shop of *count* products on ``postgresql`` or ``sqlite``, for one run."""
    with all_opened(place, [count], database) as (shop,):
        yield shop


@contextmanager
def all_opened(place: Path, counts: Iterable[int], database: str) -> Iterator[list[Shop]]:
    """Yield a shop of each number of products; those on PostgreSQL share a server."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        server = None if database == "sqlite" else stack.enter_context(kept_server(place))
        shops = []
        for count in counts:
            folder = place / str(count)
            folder.mkdir(exist_ok=True)
            copied = (
                _copied_file(folder, count) if server is None else _copied(server, folder, count)
            )
            url, postmaster = stack.enter_context(copied)
            shops.append(describe(url, folder, count, postmaster))
        yield shops


@contextmanager
def _copied_file(place: Path, count: int) -> Iterator[tuple[str, int]]:
    kept = KEPT / f"{_name(count)}.db"
    if not kept.exists():
        draft = kept.with_suffix(".draft")
        _fill(f"sqlite:///{draft}", place, count)
        draft.rename(kept)
    yield f"sqlite:///{shutil.copyfile(kept, place / kept.name)}", 0


@contextmanager
def _copied(server: Server, place: Path, count: int) -> Iterator[tuple[str, int]]:
    kept, copy = _name(count), f"copy_{secrets.token_hex(4)}"
    with psycopg.connect(server.url(), autocommit=True) as admin:
        names = {name for (name,) in admin.execute("SELECT datname FROM pg_database")}
        if kept not in names:
            admin.execute("CREATE DATABASE draft")
            try:
                _fill(server.url("draft"), place, count)
                admin.execute(f"ALTER DATABASE draft RENAME TO {kept}")
            finally:
                server.drop_database("draft")
        admin.execute(f"CREATE DATABASE {copy} TEMPLATE {kept} STRATEGY file_copy")
    try:
        first = (server.installation.data / "postmaster.pid").read_text().split()[0]
        yield server.url(copy), int(first)
    finally:
        server.drop_database(copy)


def _name(count: int) -> str:
    return f"shop_{count}_{_digest()}"


@contextmanager
def kept_server(place: Path) -> Iterator[Server]:
    """Run a durable PostgreSQL server whose data is kept for the next run."""
    account = usable_account()
    place = Path(tempfile.mkdtemp(dir=place))
    # The server's keeper removes its home when it ends, so that has a link to the data.
    data = KEPT / "data"
    with FileLock(KEPT / "run.lock"), (place / "users.lock").open("a") as users:
        take_shared(users)
        installation = install(account, place / "home")
        if account == "nobody" or not data.exists():
            password = initialise(installation, KEPT / "template")
        else:
            password = (KEPT / "template/password").read_text()
        if account != "nobody":
            if not data.exists():
                installation.data.rename(data)
            installation.data.symlink_to(data)
        server = Server(_free_port(), password, True, place, installation)  # noqa: FBT003
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def describe(url: str, place: Path, count: int, postmaster: int = 0) -> Shop:
    """Write the deployment of a filled database, and give one customer a token, one a password."""
    deployment = write_deployment(url, place)
    app = create_app(deployment)
    with app.app_context():
        claims = access_tokens.Claims(rows.uid("user", 0), rows.uid("session", 0), epoch=0)
        token = access_tokens.issue(claims, None)
        key = access_tokens.key_set()["keys"][0]["x"]
        password_hash = passwords.hash_password(rows.OTHER_PASSWORD)
        with engine().begin() as connection:
            account = sa.update(User).where(User.email == rows.OTHER_EMAIL)
            connection.execute(account.values(password_hash=password_hash))
        engine().dispose()
        middle = count // 2
        created_at = rows.EPOCH + timedelta(seconds=middle)
        deep = cursor_at(app, "/v1/products?limit=50", created_at, rows.uid("product", middle))
    return Shop(url, count, str(deployment), token, key, deep, postmaster)


def cursor_at(app: Flask, path: str, value: Any, row_id: UUID) -> str:
    """Return the cursor of the page of a list behind a row, whose sort key has a value."""
    first = app.test_client().get(path).get_json()["next_cursor"]
    plain = value.isoformat() if isinstance(value, datetime) else value
    with app.test_request_context(path):
        signer = pagination._signer()  # noqa: SLF001 - no route gives a cursor to a far page
        sort, filters, kind, _, _ = signer.loads(first)
        return str(signer.dumps([sort, filters, kind, plain, str(row_id)]))


def write_deployment(url: str, place: Path) -> Path:
    """Write the deployment file of ours."""
    file = place / "shop.toml"
    # The guard is off as in production; no line a request, which the twins do not write either;
    # no kept answers, which the twins have none of; and a token lasts as long as a run.
    file.write_text(
        f'environment = "testing"\n[database]\nurl = "{url}"\nsql_guard = false\n'
        '[logging]\nlevel = "WARNING"\n[server]\nport = 0\nkept_answers = 0\n[features.products]\n'
        "[features.orders.settings]\nguest_order_burst = 0\n"
        "[features.payments_manual.settings]\nby_customer = true\n"
        "[features.users.settings]\naccess_token_seconds = 3600\n"
    )
    return file


def keeping(shop: Shop) -> Shop:
    """Return the shop with another deployment, which keeps public answers."""
    plain = Path(shop.deployment)
    file = plain.with_name("keeping.toml")
    file.write_text(plain.read_text().replace("kept_answers = 0", "kept_answers = 1000"))
    return replace(shop, deployment=str(file))


def _digest() -> str:
    """Return what tells apart databases of other migrations, or with other rows."""
    files = [*ROOT.glob("packages/**/migrations/versions/*.py"), Path(rows.__file__)]
    made = hashlib.sha256()
    for file in sorted(files):
        made.update(file.read_bytes())
    return made.hexdigest()[:12]


def _fill(url: str, place: Path, count: int) -> None:
    say(f"  {count:,} products are written ...")
    mercato = [MERCATO, f"--deployment={write_deployment(url, place)}"]
    run([*mercato, "db", "upgrade"])
    if url.startswith("sqlite"):
        file = url.removeprefix("sqlite:///")
        _fill_sqlite(file, count)
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("ANALYZE")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    else:
        _fill_postgresql(url, count)
        with psycopg.connect(url, autocommit=True) as connection_to_analyse:
            connection_to_analyse.execute("VACUUM ANALYZE")
            connection_to_analyse.execute("CHECKPOINT")


def _fill_sqlite(file: str, count: int) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        for table, found in rows.tables(count):
            columns, values = _columns(found)
            marks = ", ".join("?" * len(columns))
            named = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
            connection.executemany(named, (tuple(map(_text, row)) for row in values))
        for statement in _SEARCH_OF_SQLITE:
            connection.execute(statement)
        connection.execute("UPDATE orders_counter SET value = 10000")
        connection.execute("COMMIT")


def _fill_postgresql(url: str, count: int) -> None:
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        # Without it, each row would be looked up once for each table that it names.
        cursor.execute("SET session_replication_role = replica")
        for table, found in rows.tables(count):
            columns, values = _columns(found)
            words = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
            with cursor.copy(words) as copy:
                for row in values:
                    copy.write_row(row)
        cursor.execute(_VOCABULARY_OF_POSTGRESQL)
        cursor.execute("ALTER SEQUENCE orders_number_seq RESTART 10001")


def _columns(found: Iterable[Mapping[str, Any]]) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    """Return the names of the columns, and the values of each row."""
    ahead = iter(found)
    first = next(ahead)
    return list(first), _values(first, ahead)


def _values(
    first: Mapping[str, Any], others: Iterator[Mapping[str, Any]]
) -> Iterator[tuple[Any, ...]]:
    yield tuple(first.values())
    for row in others:
        yield tuple(row.values())


def _text(value: Any) -> Any:
    """Return a value as the kit's column types keep it on SQLite."""
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value
