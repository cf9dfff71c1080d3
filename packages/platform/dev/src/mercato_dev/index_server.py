"""The process behind an index on loopback: pypiserver over one folder, until standard input ends.

It runs by its path as well, beside nothing but pypiserver: ``python index_server.py FOLDER``. The
first line on standard output is the address. Anyone may upload; a file that is there stays.
"""

import sys
import threading
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIServer, make_server


class Server(ThreadingMixIn, WSGIServer):
    """Answers several requests at once, and waits for none of them at the end."""

    daemon_threads = True


def serve(folder: str) -> None:
    """Serve *folder* for as long as the one who started us holds our standard input open."""
    import pypiserver  # noqa: PLC0415 - who imports this module need not have it

    app = pypiserver.app(
        roots=[folder],
        authenticate=[],
        password_file=".",  # noqa: S106 - its word for "nobody has to log in"
        disable_fallback=True,
        hash_algo="sha256",
    )
    server = make_server("127.0.0.1", 0, app, server_class=Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}/\n")
    sys.stdout.flush()
    # Who started us may be killed: then this ends, too, and no server is left behind.
    sys.stdin.read()


if __name__ == "__main__":
    serve(sys.argv[1])
