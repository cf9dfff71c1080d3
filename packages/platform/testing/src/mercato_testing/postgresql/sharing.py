"""Share one server between processes: the first user starts it, the last one ends it."""

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from filelock import FileLock

from mercato_testing.postgresql.accounts import Account, usable_account
from mercato_testing.postgresql.installation import Installation, ServerError, initialise, install
from mercato_testing.postgresql.locks import take_exclusive, take_shared
from mercato_testing.postgresql.server import Server

_PORTS_TO_TRY = 3


@contextmanager
def running_server(
    directory: Path, name: str = "shared", *, durable: bool = False, account: Account | None = None
) -> Iterator[Server]:
    """Yield a PostgreSQL server, shared by all processes with the same directory and name.

    It ends with its last user, also if that one is killed. The servers of one directory share one
    ``initdb``.

    Args:
        directory: The directory of a test run; it is made if absent.
        name: The name of the server. A test that kills its server uses another name.
        durable: Whether committed rows survive a crash; True is slower.
        account: The account that runs it; default: see ``usable_account``.

    Raises:
        ServerError: It did not start.
        ValueError: The server runs already with another ``durable``.
    """
    home = directory.absolute() / name
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / "users.lock").open("a") as users:
        with FileLock(home.parent / "start.lock"):
            server = _join(home, users, account or usable_account(), durable=durable)
        try:
            yield server
        finally:
            with FileLock(home.parent / "start.lock"):
                _leave(server, users)


def _join(directory: Path, users: IO[str], account: Account, *, durable: bool) -> Server:
    is_first = take_exclusive(users)
    take_shared(users)
    server = Server.load(directory)
    # Without other users, the files are those of an earlier run that was killed.
    if server is not None and is_first:
        server.remove()
        server = None
    if server is None:
        return _create(directory, account, durable=durable)

    if server.durable != durable:
        raise ValueError(
            f"the server in {directory} has durable={server.durable}: choose another name"
        )
    if not server.is_running():
        server.start()
    return server


def _leave(server: Server, users: IO[str]) -> None:
    if take_exclusive(users):
        server.remove()
    else:
        # There are other users, or the keeper is removing the server: then wait until it has.
        take_shared(users)


def _create(directory: Path, account: Account, *, durable: bool) -> Server:
    installation = install(account, directory / "home")
    try:
        password = initialise(installation, directory.parent / "template")
        server = _start_on_a_free_port(directory, installation, password, durable=durable)
    except BaseException:
        shutil.rmtree(installation.home, ignore_errors=True)
        raise
    server.save()
    return server


def _start_on_a_free_port(
    directory: Path, installation: Installation, password: str, *, durable: bool
) -> Server:
    for _ in range(_PORTS_TO_TRY):
        server = Server(_free_port(), password, durable, directory, installation)
        try:
            server.start()
        except ServerError as failed:
            # Another process may have taken the port in the meantime.
            failure = failed
        else:
            return server
    raise failure


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
