"""Starts `mercato serve` for each folder in a folder, each in a process of its own.

The libraries are imported once, before the processes are forked; the wheels are found and loaded by
each for itself. It prints what each came to, as JSON: its exit code, and what it said.
"""

import json
import os
import sys
from pathlib import Path

from mercato_composition.commands import frame as cli
from mercato_runtime import server  # noqa: F401 - what serving needs is imported once as well


def start(folder):
    """Start a deployment in this process, and end it as the command ends."""
    said = os.open(folder / "said", os.O_CREAT | os.O_WRONLY)
    os.dup2(said, 1)
    os.dup2(said, 2)
    sys.path.insert(0, str(folder))
    code = 0
    try:
        cli.main([f"--deployment={folder / 'deployment.toml'}", "serve"])
    except SystemExit as error:
        code = error.code
    except BaseException:  # noqa: BLE001 - what nobody caught is seen in what it said
        sys.excepthook(*sys.exc_info())
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


results = {}
for folder in sorted(Path(sys.argv[1]).iterdir()):
    if (pid := os.fork()) == 0:
        start(folder)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    results[folder.name] = [status, (folder / "said").read_text()]
sys.stdout.write(json.dumps(results))
