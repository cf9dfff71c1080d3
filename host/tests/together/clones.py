"""Copies of this repository, in which tests run a developer's commands."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]


def clone_to(folder: Path) -> None:
    """Copy the files of this repository that git tracks, or would, to *folder*."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


def start(
    command: str, folder: Path, *, stderr: int | None = None, **more: str
) -> subprocess.Popen[bytes]:
    """Start a shell command in a new process group."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MERCATO_")}
    return subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env={**environ, **more},
        stdin=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
    )


def end(process: subprocess.Popen[bytes]) -> int:
    """Press Ctrl-C, and return the exit status."""
    os.killpg(process.pid, signal.SIGINT)
    status = process.wait(timeout=60)
    for pipe in (process.stdin, process.stderr):
        if pipe is not None:
            pipe.close()
    return status
