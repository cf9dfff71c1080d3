"""Fork workers, replace those that die, reload them on HUP, and end them on TERM or INT."""

import contextlib
import logging
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from time import monotonic

START_SECONDS = 30
"""How long a worker may take until it is ready."""

STOP_SECONDS = 30
"""How long a worker may take to answer its last requests."""

STABLE_SECONDS = 10
"""A worker that dies younger than this is replaced after a pause."""

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 30
_TICK_SECONDS = 0.02
_STOP = {signal.SIGINT, signal.SIGTERM}
SIGNALS = {*_STOP, signal.SIGHUP, signal.SIGCHLD, signal.SIGALRM}
"""The signals that are blocked in the main process, and in a worker until it handles them."""

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class Slot:
    """The place of one worker, and how often one died in it at its start."""

    number: int
    deaths: int = 0
    start_at: float = 0

    def pause(self) -> None:
        """Wait before the next start: twice as long as before, at most 30 seconds."""
        pause = min(_FIRST_PAUSE_SECONDS * 2.0**self.deaths, _LONGEST_PAUSE_SECONDS)
        self.deaths, self.start_at = self.deaths + 1, monotonic() + pause


@dataclass(eq=False)
class Worker:
    """A worker process; it writes to *pipe* when it is ready."""

    slot: Slot
    pid: int
    pipe: int
    started_at: float = field(default_factory=monotonic)
    ready: bool = False
    stopping: bool = False
    kill_at: float = field(default_factory=lambda: monotonic() + START_SECONDS)

    def watch(self) -> None:
        """Read whether it is ready; kill it if it takes too long to start or to stop."""
        with contextlib.suppress(BlockingIOError):
            if not (self.ready or self.stopping) and os.read(self.pipe, 1):
                self.ready, self.kill_at = True, inf
        if monotonic() >= self.kill_at:
            os.kill(self.pid, signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to answer its last requests and exit."""
        if not self.stopping:
            self.stopping, self.kill_at = True, monotonic() + STOP_SECONDS
            os.kill(self.pid, signal.SIGTERM)


class Supervisor:
    """The main process. It has no threads: a fork would copy the locks that they hold.

    Args:
        work: What a worker does. It gets its number, from 0, and two file descriptors: one to write
            to when it is ready, and one that reaches its end when the main process does.
        count: The number of workers.
        on_stop: Called once, at the first TERM or INT.
    """

    def __init__(
        self, work: Callable[[int, int, int], None], count: int, on_stop: Callable[[], None]
    ) -> None:
        self._work = work
        self._on_stop = on_stop
        self._slots = [Slot(number) for number in range(count)]
        self._to_reload: list[Slot] = []
        self._workers: list[Worker] = []
        self._lifeline = os.pipe()
        self._stopping = False

    def run(self) -> None:
        """Keep the workers running until TERM or INT.

        The signals stay blocked after that, so a second one does not change the exit code.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        while not self._stopping or self._workers:
            self._act()
            self._receive(self._wait())

    def _wait(self) -> int:
        """Wait for a signal; while a worker starts, stops or is missing, at most for a tick."""
        settled = all(worker.ready and not worker.stopping for worker in self._workers)
        all_there = len(self._workers) == len(self._slots)
        # sigtimedwait() does the same, but macOS has none.
        signal.setitimer(signal.ITIMER_REAL, 0 if settled and all_there else _TICK_SECONDS)
        return signal.sigwait(SIGNALS)

    def _receive(self, number: int) -> None:
        if number == signal.SIGHUP:
            self._to_reload = list(self._slots)
        elif number in _STOP and not self._stopping:
            _log.info("Shutting down")
            self._stopping = True
            self._on_stop()
            for worker in self._workers:
                worker.stop()

    def _act(self) -> None:
        for worker in self._workers:
            worker.watch()
        for worker in list(self._workers):
            self._bury(worker)
        if self._stopping:
            return
        for slot in self._slots:
            self._fill(slot)
        if self._to_reload and all(worker.ready for worker in self._workers):
            self._fork(self._to_reload.pop(0))

    def _fill(self, slot: Slot) -> None:
        """Start a worker where none serves; stop those that have a successor."""
        serving = self._serving(slot)
        if serving and serving[-1].ready:
            for worker in serving[:-1]:
                worker.stop()
        elif not serving and monotonic() >= slot.start_at:
            self._fork(slot)

    def _serving(self, slot: Slot) -> list[Worker]:
        return [item for item in self._workers if item.slot is slot and not item.stopping]

    def _bury(self, worker: Worker) -> None:
        """Forget a worker that is dead, and log its death."""
        pid, status = os.waitpid(worker.pid, os.WNOHANG)
        if not pid:
            return
        self._workers.remove(worker)
        os.close(worker.pipe)
        if worker.stopping:
            return
        code = os.waitstatus_to_exitcode(status)
        _log.error("worker-%d (process %d) died: %d", worker.slot.number + 1, worker.pid, code)
        if monotonic() - worker.started_at < STABLE_SECONDS:
            worker.slot.pause()
        else:
            worker.slot.deaths = 0

    def _fork(self, slot: Slot) -> None:
        ready, write = os.pipe()
        os.set_blocking(ready, False)
        try:
            pid = os.fork()
        except OSError as error:
            _log.error("cannot start a worker: %s", error.strerror)
            slot.pause()
            pid = -1
        if pid == 0:
            self._become_worker(slot, ready, write)
        os.close(write)
        if pid < 0:
            os.close(ready)
            return
        _log.info("Spawning worker-%d (process %d)", slot.number + 1, pid)
        self._workers.append(Worker(slot, pid, ready))

    def _become_worker(self, slot: Slot, ready: int, write: int) -> None:
        """Work in a process that was just forked, and exit."""
        code = 1
        try:
            for fd in (ready, self._lifeline[1], *(worker.pipe for worker in self._workers)):
                os.close(fd)
            self._work(slot.number, write, self._lifeline[0])
            code = 0
        except BaseException:  # noqa: BLE001 - the log has it, and the exit code
            _log.exception("a worker failed")
        finally:
            # What the main process does at its exit is not for a copy of it.
            os._exit(code)
