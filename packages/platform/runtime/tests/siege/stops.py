"""Start `mercato serve` many times, and stop it by a signal to its whole group.

``stops.py DEPLOYMENT COUNT WORKERS``. The libraries are imported once, before the servers are
forked. Some signals arrive while the workers start. Prints what a server answered to the signal
other than to exit with 0, as JSON: its exit code, or ``hangs``.
"""

import json
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from mercato_composition.commands import frame as cli
from mercato_runtime import server  # noqa: F401 - what serving needs is imported once as well

AT_ONCE = 5
GIVE_UP_SECONDS = 40


def main(deployment, count, workers):
    """Stop servers in batches, and print the failures."""
    failures = []
    for first in range(0, int(count), AT_ONCE):
        with tempfile.TemporaryDirectory() as folder:
            size = min(AT_ONCE, int(count) - first)
            logs = [Path(folder, f"{number}.log") for number in range(size)]
            servers = {start(deployment, workers, log): log for log in logs}
            for pid, log in servers.items():
                wait_for(log, f"Spawning worker-{workers}")
                # At any moment of the start, or when it is over.
                time.sleep(random.choice([0, 0.02, 0.1, 0.3]))  # noqa: S311 - it is no secret
                os.killpg(pid, random.choice([signal.SIGINT, signal.SIGTERM]))  # noqa: S311
            failures += [code for pid in servers if (code := end_of(pid)) != 0]
    sys.stdout.write(json.dumps(failures))


def start(deployment, workers, log):
    """Serve in a process with a group of its own, and return its id."""
    if pid := os.fork():
        return pid
    os.setsid()
    said = os.open(log, os.O_CREAT | os.O_WRONLY)
    os.dup2(said, 1)
    os.dup2(said, 2)
    code = 1
    try:
        cli.main([f"--deployment={deployment}", "serve", f"--workers={workers}"])
    except SystemExit as error:
        code = error.code or 0
    finally:
        os._exit(code)


def wait_for(log, words):
    """Wait until a server has logged *words*."""
    give_up_at = time.monotonic() + GIVE_UP_SECONDS
    while not log.exists() or words not in log.read_text():
        if time.monotonic() > give_up_at:
            raise RuntimeError(log.read_text() if log.exists() else "nothing was logged")
        time.sleep(0.005)


def end_of(pid):
    """Return the exit code of a server, after the end of all its processes; or ``hangs``."""
    give_up_at = time.monotonic() + GIVE_UP_SECONDS
    code = None
    while time.monotonic() < give_up_at:
        if code is None:
            ended, status = os.waitpid(pid, os.WNOHANG)
            code = os.waitstatus_to_exitcode(status) if ended else None
        try:
            os.killpg(pid, 0)
        except ProcessLookupError:
            return code
        time.sleep(0.01)
    os.killpg(pid, signal.SIGKILL)
    return "hangs"


if __name__ == "__main__":
    main(*sys.argv[1:])
