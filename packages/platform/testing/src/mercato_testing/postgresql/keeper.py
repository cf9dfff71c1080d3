"""The keeper: a process that runs a command while it is used, then ends it and removes its files.

It is started by path and imports only the standard library, so that it starts quickly and outlives
the test worker that started it. Users hold a shared lock, which the operating system releases when
a user is killed.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO


def keep(users: str, family: str, home: str, command: list[str]) -> None:
    """Run *command* in the background until it ends or has no more users.

    Returns at once, with the *family* lock taken for the command: all its processes inherit the
    lock, so it is released when the last of them ends.

    Args:
        users: The lock file that every user holds a shared lock on.
        family: The lock file that the command's processes hold.
        home: The directory to remove when the command has ended and no user is left.
        command: The program and its arguments; SIGQUIT must end it.
    """
    lock = os.open(family, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    if os.fork():
        return

    os.setsid()
    child = subprocess.Popen(command, pass_fds=[lock])  # noqa: S603
    os.close(lock)
    with Path(users).open("a") as users_lock:
        threading.Thread(target=_end_when_unused, args=(users_lock, child), daemon=True).start()
        child.wait()
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(users_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(home, ignore_errors=True)


def _end_when_unused(users_lock: IO[str], child: subprocess.Popen[bytes]) -> None:
    fcntl.flock(users_lock, fcntl.LOCK_EX)
    child.send_signal(signal.SIGQUIT)


if __name__ == "__main__":
    users, family, home, *command = sys.argv[1:]
    keep(users, family, home, command)
