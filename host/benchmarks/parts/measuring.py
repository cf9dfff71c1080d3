"""CPU time, counted by the kernel: it does not depend on what else the machine does."""

import os
import resource
import subprocess
from collections.abc import Callable, Sequence
from statistics import median
from typing import TypeVar

T = TypeVar("T")

# Where bytecode is not kept, every process compiles the libraries again.
ENVIRON = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}


def run(command: Sequence[str], typed: str | None = None) -> str:
    """Run *command* to its end and return what it printed.

    Args:
        command: The program and its arguments.
        typed: What it reads from standard input.

    Raises:
        RuntimeError: It failed; the message holds its output.
    """
    done = subprocess.run(
        command, env=ENVIRON, input=typed, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def cpu_seconds(command: Sequence[str]) -> float:
    """Return the CPU seconds, user and system, that *command* takes from start to end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def middle(measure: Callable[[], float], *, runs: int) -> float:
    """Return the median of *runs* measurements; one before them, not counted, fills caches."""
    measure()
    return median(measure() for _ in range(runs))
