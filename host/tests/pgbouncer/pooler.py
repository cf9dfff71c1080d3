"""PgBouncer in front of a PostgreSQL server."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from mercato_testing.postgresql import Server

from ..together.shop import free_port

STARTED_WITHIN_SECONDS = 30

SETTINGS = """\
[databases]
* = host={server.host} port={server.port} user={server.user} password={server.password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
max_client_conn = 200
query_wait_timeout = 30
"""


@contextmanager
def running_pgbouncer(server: Server, *, mode: str = "transaction", size: int = 6) -> Iterator[int]:
    """Run Debian's PgBouncer with its default settings otherwise, and yield its port.

    Args:
        server: The server that it connects to.
        mode: Its ``pool_mode``.
        size: Connections to each database.
    """
    port = free_port()
    # PgBouncer refuses to run as root; the other user must be able to read the file.
    user = "nobody" if os.getuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="pgbouncer-") as folder:
        settings = Path(folder) / "pgbouncer.ini"
        settings.write_text(SETTINGS.format(server=server, port=port, mode=mode, size=size))
        if user:
            shutil.chown(folder, user)
            shutil.chown(settings, user)
        program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
        process = subprocess.Popen([str(program), str(settings)], user=user)
        try:
            _wait(process, server, port)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(process: subprocess.Popen[bytes], server: Server, port: int) -> None:
    give_up_at = time.monotonic() + STARTED_WITHIN_SECONDS
    while True:
        try:
            psycopg.connect(
                host="127.0.0.1", port=port, user=server.user, dbname="postgres"
            ).close()
        except psycopg.OperationalError:
            assert process.poll() is None, "PgBouncer ended"
            assert time.monotonic() < give_up_at, "PgBouncer did not start"
            time.sleep(0.05)
        else:
            return
