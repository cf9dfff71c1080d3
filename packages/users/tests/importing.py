"""A program: an import of accounts is killed at given statements, and run again each time.

Its arguments are the URL of a database, the file, the file of refused rows, and statements: of each
the beginning, and how often it is sent before the process is killed after it (``INSERT INTO x:2``).
The last run is not killed; its exit code is printed.
"""

import os
import signal
import sys

import sqlalchemy as sa

from mercato_kit.db import engine
from mercato_testing.stage import make_app, set_up
from mercato_users.cli import commands
from mercato_users.feature import feature


def die_after(beginning, times):
    """Kill this process after a statement was sent a number of times."""
    left = [times]

    @sa.event.listens_for(sa.Engine, "after_cursor_execute")
    def count(_connection, _cursor, statement, *_):
        if statement.lstrip().startswith(beginning):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def run(app, file, errors, kill=None):
    """Run the command in a process of its own, and return how it ended."""
    if os.fork():
        return os.waitstatus_to_exitcode(os.wait()[1])
    status = 1
    try:
        if kill is not None:
            beginning, _, times = kill.rpartition(":")
            die_after(beginning, int(times))
        with app.app_context():
            status = commands.main(["import", file, "--errors", errors], standalone_mode=False)
    finally:
        os._exit(status)


def main(url, file, errors, *kills):
    """Run the import until it is complete."""
    app = make_app(set_up(feature, [], {}), url)
    with app.app_context():
        engine().dispose()
    ends = [run(app, file, errors, kill) for kill in kills]
    ends.append(run(app, file, errors))
    sys.stdout.write(",".join(map(str, ends)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
