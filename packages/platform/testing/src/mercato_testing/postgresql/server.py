"""One PostgreSQL server: start, stop, and databases."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from mercato_testing.postgresql import keeper
from mercato_testing.postgresql.installation import (
    ENVIRONMENT,
    SUPERUSER,
    Installation,
    ServerError,
)
from mercato_testing.postgresql.locks import is_held

_TIMEOUT_SECONDS = 60
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server on the loopback address.

    Attributes:
        port: A random port, which a restart keeps.
        password: The random password of the superuser.
        durable: Whether committed rows survive a crash; False is faster.
        directory: The directory of its locks, its record and its log.
        installation: Its programs and files.
        host: The loopback address.
        user: The superuser.
    """

    port: int
    password: str
    durable: bool
    directory: Path
    installation: Installation
    host: str = "127.0.0.1"
    user: str = SUPERUSER

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database, for SQLAlchemy and psycopg."""
        name = quote(database, safe="")
        return f"postgresql://{self.user}:{self.password}@{self.host}:{self.port}/{name}"

    def create_database(self, name: str, template: str | None = None) -> str:
        """Create a database.

        Args:
            name: The name of the new database; any text.
            template: A database to copy, which must have no connections; default: an empty one.

        Returns:
            The URL of the new database.
        """
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY {}").format(
            sql.Identifier(name),
            sql.Identifier(template or "template1"),
            sql.Identifier("wal_log" if self.durable else "file_copy"),
        )
        self._execute(statement)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database with its connections; an absent database is not an error."""
        self._execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )

    def is_running(self) -> bool:
        """Return whether any process of the server is alive."""
        return is_held(self.directory / "family.lock")

    def start(self) -> None:
        """Start the server, and wait until it accepts connections.

        Raises:
            ServerError: It did not start; the message has the end of its log.
        """
        # The file stays after a crash, and its status would say that the new server is ready.
        self._pid_file.unlink(missing_ok=True)
        locks = [self.directory / "users.lock", self.directory / "family.lock"]
        kept = [*map(str, locks), str(self.installation.home), *self._command()]
        with self._log_file.open("a") as log:
            subprocess.run(  # noqa: S603
                [sys.executable, "-I", "-S", keeper.__file__, *kept],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=ENVIRONMENT,
                check=True,
            )
        self._wait(lambda: self._is_ready() or not self.is_running(), "start")
        if not self._is_ready():
            raise ServerError(f"PostgreSQL did not start:\n{self._log_tail()}")

    def stop(self) -> None:
        """Shut the server down: open transactions are rolled back, all data is written."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Kill the server (SIGKILL), and wait until all its processes have ended."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Start the server again with its port and data; shut it down first if it runs."""
        self.stop()
        self.start()

    def remove(self) -> None:
        """End the server, and remove all its files except the log."""
        self._end(signal.SIGQUIT)
        self.record_file(self.directory).unlink(missing_ok=True)
        shutil.rmtree(self.installation.home, ignore_errors=True)

    def save(self) -> None:
        """Write the server's record, from which other processes load it."""
        record = {
            "port": self.port,
            "password": self.password,
            "durable": self.durable,
            "account": self.installation.account,
            "home": str(self.installation.home),
            "programs": str(self.installation.programs),
        }
        file = self.record_file(self.directory)
        file.touch(mode=0o600)
        file.write_text(json.dumps(record))

    @classmethod
    def load(cls, directory: Path) -> "Server | None":
        """Return the server whose record is in *directory*; None if there is none any more."""
        file = cls.record_file(directory)
        if not file.exists():
            return None
        record = json.loads(file.read_text())
        installation = Installation(
            record["account"], Path(record["home"]), Path(record["programs"])
        )
        if not installation.data.is_dir():
            return None
        return cls(record["port"], record["password"], record["durable"], directory, installation)

    @staticmethod
    def record_file(directory: Path) -> Path:
        """Return the path of the record of the server in *directory*."""
        return directory / "server.json"

    @property
    def _pid_file(self) -> Path:
        return self.installation.data / "postmaster.pid"

    @property
    def _log_file(self) -> Path:
        return self.directory / "postgresql.log"

    def _command(self) -> list[str]:
        settings = {
            "listen_addresses": self.host,
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "timezone": "UTC",
            # Files in the data directory, so a killed server leaves no shared memory behind.
            "dynamic_shared_memory_type": "mmap",
            **({} if self.durable else _NOT_DURABLE),
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return self.installation.command("postgres", "-D", str(self.installation.data), *options)

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)

    def _pid_lines(self) -> list[str]:
        with contextlib.suppress(FileNotFoundError):
            return self._pid_file.read_text().splitlines()
        return []

    def _is_ready(self) -> bool:
        # Line 8 is the status, written when the server accepts connections.
        return [line.strip() for line in self._pid_lines()[7:8]] == ["ready"]

    def _end(self, how: signal.Signals) -> None:
        if not self.is_running():
            return
        if lines := self._pid_lines():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(lines[0]), how)
        self._wait(lambda: not self.is_running(), "end")

    def _wait(self, happened: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        while not happened():
            if time.monotonic() > deadline:
                raise ServerError(
                    f"PostgreSQL did not {what} in {_TIMEOUT_SECONDS} seconds:\n{self._log_tail()}"
                )
            time.sleep(0.01)

    def _log_tail(self) -> str:
        return "\n".join(self._log_file.read_text(errors="replace").splitlines()[-20:])
