"""Run commands that are killed in the middle, as by a power failure."""

import signal

KILLED = """
import os
import signal
import sys

import sqlalchemy as sa

from mercato_composition.commands.frame import main

fatal, *arguments = sys.argv[1:]
fatal, arguments = arguments[-1], [fatal, *arguments[:-1]]


@sa.event.listens_for(sa.Engine, "after_cursor_execute")
def die(_connection, _cursor, statement, *_):
    if statement.lstrip().startswith(fatal):
        os.kill(os.getpid(), signal.SIGKILL)


main(arguments)
"""


def killed_at(library, statement, *arguments):
    """Run a command in a process that kills itself with SIGKILL right after a statement."""
    process = library.process(*arguments, statement, program=("-c", KILLED))
    _, errors = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, errors
