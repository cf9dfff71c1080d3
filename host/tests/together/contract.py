"""Let schemathesis compare a served shop with its API document: ``nox -s contract``.

It sends the examples, the edges of each schema, random requests and sequences of them, as a member
of staff who is logged in. It sends the same ones in each run: a limit of time would make what it
finds depend on the machine.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx2
from journey import DEPLOYMENT
from shop import Shop, running_shop

from mercato_users.sample_data import STAFF, STAFF_PASSWORD

CONFIG = Path(__file__).with_name("schemathesis.toml")
FEATURES = Path(__file__).parents[3].glob("packages/*/tests/schemathesis.toml")


def log_in(shop: Shop) -> str:
    """Return the access token of a member of staff with every permission."""
    body = {"email": STAFF[0][0], "password": STAFF_PASSWORD}
    return str(httpx2.post(f"{shop.address}/v1/auth/login", json=body).json()["access_token"])


def compare(shop: Shop, folder: Path) -> int:
    """Run schemathesis in *folder*, and return its exit status."""
    config = folder / CONFIG.name
    # The first table of an operation counts.
    config.write_text("\n".join(file.read_text() for file in (*sorted(FEATURES), CONFIG)))
    command = [
        *(sys.executable, "-m", "schemathesis.cli", f"--config-file={config}", "run"),
        f"{shop.address}/openapi.json",
        f"--header=Authorization: Bearer {log_in(shop)}",
        "--output-sanitize=true",
        *sys.argv[1:],
    ]
    hooks = {"PYTHONPATH": str(CONFIG.parent), "SCHEMATHESIS_HOOKS": "schemathesis_hooks"}
    return subprocess.run(command, cwd=folder, env=os.environ | hooks, check=False).returncode


def main() -> int:
    """Serve a shop with sample data, compare it, and return the exit status."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mails = "MERCATO_FEATURES__NOTIFICATIONS__SETTINGS__"
        environ = {
            "MERCATO_DATABASE__URL": f"sqlite:///{folder}/contract.db",
            "MERCATO_LOGGING__LEVEL": "ERROR",
            f"{mails}MAIL": "folder",
            f"{mails}MAIL_FOLDER": name,
        }
        setup = (("db", "upgrade"), ("seed",))
        with running_shop(DEPLOYMENT, environ, setup=setup, worker=False) as shop:
            return compare(shop, folder)


if __name__ == "__main__":
    sys.exit(main())
