"""Start `mercato serve` for each subfolder of a folder, in separate processes.

The libraries are imported once, before the processes are forked; each process finds and loads the
wheels itself. Prints exit code and output of each process, as JSON.
"""

import json
import os
import sys
from pathlib import Path

from mercato_composition.commands import frame as cli
from mercato_runtime import server  # noqa: F401 - what serving needs is imported once as well


def start(folder):
    """Start a deployment in this process, and exit with the command's exit code."""
    said = os.open(folder / "said", os.O_CREAT | os.O_WRONLY)
    os.dup2(said, 1)
    os.dup2(said, 2)
    sys.path.insert(0, str(folder))
    code = 0
    try:
        cli.main([f"--deployment={folder / 'deployment.toml'}", "serve"])
    except SystemExit as error:
        code = error.code
    except BaseException:  # noqa: BLE001 - the traceback becomes a part of the output
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
