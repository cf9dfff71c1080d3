"""Run deploys and rollbacks that are killed: ``interrupted.py FOLDER``.

Each line of standard input is a command and the number of a step: ``deploy 3``. A process that is
forked for it kills itself before this step, when the one before it has ended; with 0 it does not.
Everything else is what the command does. Its output is in the file ``said``; its exit code is
printed.
"""

import os
import re
import signal
import sys
from pathlib import Path

from deploys import installation_of
from shops import Shop

from mercato_installer.deploy import deploy
from mercato_installer.rollback import rollback
from mercato_kit.progress import Progress


class Deadly(Progress):
    """Writes the lines of the steps, and kills the process at one of them."""

    def __init__(self, said, step):
        super().__init__("plain")
        self.said, self.step = said, step

    def line(self, text):
        """Write a line; at that of the chosen step, the process dies."""
        with self.said.open("a") as file:
            file.write(f"{text}\n")
        if re.match(rf"\[{self.step}/", text):
            os.kill(os.getpid(), signal.SIGKILL)


def run(folder, command, step):
    """Run one command in this process, and end it."""
    said = folder / "said"
    installation = installation_of(Shop.at(folder), Deadly(said, step))
    if command == "deploy":
        deploy(installation, agree=lambda plan: True)
    else:
        rollback(installation)
    sys.exit(0)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for line in sys.stdin:
        (folder / "said").unlink(missing_ok=True)
        process = os.fork() or run(folder, *line.split())
        _, status = os.waitpid(process, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()
