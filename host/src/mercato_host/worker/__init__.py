"""The worker: delivers events to their handlers, and runs recurring jobs.

Any number of them may run against one database.
"""

import logging
import signal
import threading
from dataclasses import dataclass
from types import FrameType

from flask import Flask

from mercato_kit.composition import current_composition
from mercato_runtime.worker import deliveries
from mercato_runtime.worker.jobs import Jobs

POLL_SECONDS = 0.5
"""Pause after nothing was due."""

AFTER_TROUBLE_SECONDS = 2.0
"""Pause after the database could not be asked."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Tally:
    """What a worker did.

    Args:
        delivered: Deliveries that reached their handler.
        failed: Deliveries and jobs that failed; they are tried again later.
    """

    delivered: int = 0
    failed: int = 0


class Worker:
    """Works through what is due in one app.

    Args:
        app: Whose features.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._stopped = threading.Event()
        with app.app_context():
            self._jobs = Jobs(current_composition())

    def run(self) -> None:
        """Work until :meth:`stop` is called."""
        _log.info("ready for events and jobs")
        while not self._stopped.is_set():
            try:
                tally = self.work_off()
            except Exception:  # noqa: BLE001 - a worker outlives its database
                _log.exception("the database could not be asked what is due")
                self._stopped.wait(AFTER_TROUBLE_SECONDS)
            else:
                if not tally.delivered:
                    self._stopped.wait(POLL_SECONDS)

    def work_off(self) -> Tally:
        """Deliver until nothing is due, and run each due job until it finds nothing to do."""
        tally = Tally()
        self._deliver_all(tally)
        for name in self._jobs.due():
            tally.failed += not self._jobs.run(self.app, name, go_on=self._goes_on)
            # A job may have published something; events do not wait for the other jobs.
            self._deliver_all(tally)
        return tally

    def stop(self) -> None:
        """End after what is being done right now."""
        self._stopped.set()

    def stop_on_signals(self) -> None:
        """End cleanly at TERM and INT."""

        def stop(_number: int, _frame: FrameType | None) -> None:
            self.stop()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)

    def _goes_on(self) -> bool:
        return not self._stopped.is_set()

    def _deliver_all(self, tally: Tally) -> None:
        while self._goes_on():
            with self.app.app_context():
                delivery = deliveries.claim()
                if delivery is None:
                    return
            # An app context of its own: no row of one unit of work is seen by the next.
            with self.app.app_context():
                if deliveries.deliver(delivery):
                    tally.delivered += 1
                else:
                    tally.failed += 1


def run_once(app: Flask) -> Tally:
    """Do all that is due now in *app*, each job included, and return."""
    return Worker(app).work_off()
