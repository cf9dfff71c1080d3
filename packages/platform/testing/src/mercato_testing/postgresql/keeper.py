"""The keeper: runs a command for as long as anybody uses it, then ends it and removes its files.

A process of its own, started by path and with the standard library alone, so that it is cheap and
outlives the test worker that started it. Users hold a share of a lock; the system gives it back for
those that are killed.
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
    """Run *command* in the background until it ends or nobody uses it.

    Returns at once, with the *family* lock taken for the command: all its processes inherit the
    lock, so it is free again when the last of them is gone.

    Args:
        users: Lock file that every user holds a share of.
        family: Lock file that the command's processes hold.
        home: Directory to remove when the command has ended and nobody is left.
        command: Program and arguments; SIGQUIT has to end it.
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
