"""One server for many processes: the first user starts it, the last one ends it."""

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from filelock import FileLock

from mercato_testing.postgresql.accounts import Account
from mercato_testing.postgresql.accounts import usable_account
from mercato_testing.postgresql.installation import Installation
from mercato_testing.postgresql.installation import ServerError
from mercato_testing.postgresql.installation import initialise
from mercato_testing.postgresql.installation import install
from mercato_testing.postgresql.locks import take_alone
from mercato_testing.postgresql.locks import take_share
from mercato_testing.postgresql.server import Server

_PORTS_TO_TRY = 3


@contextmanager
def running_server(
    directory: Path, name: str = "shared", *, durable: bool = False, account: Account | None = None
) -> Iterator[Server]:
    """A PostgreSQL server, shared with every process that asks for the same directory and name.

    It ends with its last user, also when that one is killed. Servers of one directory share one
    ``initdb``.

    Args:
        directory: Of one test run; made if absent.
        name: Of the server. A test that kills its server takes a name of its own.
        durable: Whether a crash loses nothing that was committed; slower.
        account: Who runs it; default: what works here (see ``usable_account``).

    Raises:
        ServerError: It did not start.
        ValueError: The server runs already, with another ``durable``.
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
    nobody_else = take_alone(users)
    take_share(users)
    server = Server.load(directory)
    # What an earlier run left behind is not this run's server.
    if server is not None and nobody_else:
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
    if take_alone(users):
        server.remove()
    else:
        # There are other users; or the keeper was quicker, and this waits until it is done.
        take_share(users)


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
            # Somebody may have taken the port since it was free.
            failure = failed
        else:
            return server
    raise failure


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
