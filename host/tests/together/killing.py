"""Processes of a shop that are killed and started again."""

import os
import random
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Process:
    """A process that is killed and started again."""

    command: list[str]
    environ: Mapping[str, str]
    log: Path
    running: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        """Start it."""
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.command, env=dict(self.environ), stdout=log, stderr=log, start_new_session=True
            )

    def kill(self) -> None:
        """Kill it with what it has started."""
        os.killpg(self.running.pid, signal.SIGKILL)
        self.running.wait()


@contextmanager
def running(
    commands: Mapping[str, list[str]], environ: Mapping[str, str], place: Path
) -> Iterator[dict[str, Process]]:
    """Run processes until the end of the block."""
    processes = {
        name: Process(command, environ, place / f"{name}.log") for name, command in commands.items()
    }
    for process in processes.values():
        process.start()
    try:
        yield processes
    finally:
        for process in processes.values():
            process.kill()


def kill(name: str, process: Process, chosen: random.Random) -> None:
    """Kill a process, and start it again; of the server, one of those that answer requests."""
    if name != "server":
        process.kill()
        process.start()
    elif children := _children_of(process.running.pid):
        os.kill(chosen.choice(children), signal.SIGKILL)


def _children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
