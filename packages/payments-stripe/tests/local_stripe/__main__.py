"""Serve a local Stripe: ``python -m local_stripe PORT DATABASE [WEBHOOK]``."""

import sys
from pathlib import Path

from .server import prepared

if __name__ == "__main__":
    port, database, *webhook = sys.argv[1:]
    with prepared(Path(database), port=int(port), webhook=next(iter(webhook), None)) as (_, server):
        server.serve_forever()
