"""Serve a folder as a package index on loopback until standard input ends: the index's process.

``python index_server.py FOLDER`` needs only pypiserver. The first line of standard output is the
URL. Everyone may upload; existing files are not replaced.
"""

import sys
import threading
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIServer, make_server


class Server(ThreadingMixIn, WSGIServer):
    """Answers requests in parallel, and ends without waiting for them."""

    daemon_threads = True


def serve(folder: str) -> None:
    """Serve *folder* while standard input is open."""
    import pypiserver  # noqa: PLC0415 - importing this module must not need it

    app = pypiserver.app(
        roots=[folder],
        authenticate=[],
        password_file=".",  # noqa: S106 - pypiserver's word for "no login"
        disable_fallback=True,
        hash_algo="sha256",
    )
    server = make_server("127.0.0.1", 0, app, server_class=Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}/\n")
    sys.stdout.flush()
    # The kernel closes it if the starting process is killed, so no server is left behind.
    sys.stdin.read()


if __name__ == "__main__":
    serve(sys.argv[1])
