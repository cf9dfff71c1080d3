"""Serve a sandbox: ``python serving.py DATABASE SECRET PORT``."""

import sys
from pathlib import Path

from mercato_payments_sandbox.server import prepared

if __name__ == "__main__":
    database, secret, port = sys.argv[1:]
    with prepared(Path(database), secret, port=int(port)) as (_, server):
        server.serve_forever()
