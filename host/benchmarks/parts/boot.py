"""What a start costs, beside the import of its frameworks: CPU time of processes.

Processes of Python end without a clean-up, whose cost says nothing of the start; commands do not.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from parts import shop as shops
from parts.measuring import cpu_seconds, middle, run
from parts.report import Table

# Libraries that the host, the runtime and the three features import, for SQLite, which is measured.
FRAMEWORKS = (
    "argon2, email_validator, flask, flask_limiter, flask_marshmallow, flask_smorest, "
    "flask_sqlalchemy, jwt, msgspec, prometheus_client, sqlalchemy.orm, sqlite3, svcs.flask"
)
END = "import os; os._exit(0)"
RUNS = 3


def measure(place: Path) -> list[Table]:
    """Measure ``create_app`` and ``mercato check`` of three features, with bytecode written."""
    deployment = shops.write_deployment(f"sqlite:///{place}/boot.db", place)
    mercato = [shops.MERCATO, f"--deployment={deployment}"]
    run([*mercato, "db", "upgrade"])
    made = f"from mercato_host import create_app; create_app({str(deployment)!r}); {END}"
    commands: dict[str, Sequence[str]] = {
        "import of the frameworks": [sys.executable, "-c", f"import {FRAMEWORKS}; {END}"],
        "create_app": [sys.executable, "-c", made],
        "mercato check --offline": [*mercato, "check", "--offline"],
        "mercato check": [*mercato, "check"],
    }
    spent = {name: _middle(command) for name, command in commands.items()}
    unit = next(iter(spent.values()))
    rows = [(name, f"{cost:.2f}", f"{cost / unit:.2f}") for name, cost in spent.items()]
    return [Table("boot", ("process", "CPU s", "x frameworks"), rows)]


def _middle(command: Sequence[str]) -> float:
    return middle(lambda: cpu_seconds(command), runs=RUNS)
