"""The worker: delivers events to handlers, and runs recurring jobs.

Any number of workers can run on one database.
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
"""The pause when nothing is due."""

AFTER_FAILURE_SECONDS = 2.0
"""The pause after the database did not answer."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Tally:
    """What a worker did.

    Args:
        delivered: The number of successful deliveries.
        failed: The number of deliveries and jobs that failed; they are retried later.
    """

    delivered: int = 0
    failed: int = 0


class Worker:
    """Delivers events and runs jobs of one app.

    Args:
        app: The app.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._stopped = threading.Event()
        with app.app_context():
            self._jobs = Jobs(current_composition())

    def run(self) -> None:
        """Deliver events and run jobs until :meth:`stop` is called."""
        _log.info("ready for events and jobs")
        while not self._stopped.is_set():
            try:
                tally = self.run_due()
            except Exception:  # noqa: BLE001 - a worker must survive a lost database
                _log.exception("reading what is due from the database failed")
                self._stopped.wait(AFTER_FAILURE_SECONDS)
            else:
                if not tally.delivered:
                    self._stopped.wait(POLL_SECONDS)

    def run_due(self) -> Tally:
        """Deliver until nothing is due, and run each due job until it finds nothing to do."""
        tally = self.deliver_due()
        for name in self._jobs.due():
            tally.failed += not self._jobs.run(self.app, name, go_on=self._goes_on)
            # A job may have published events: deliver them before the next job.
            self._deliver_all(tally)
        return tally

    def deliver_due(self) -> Tally:
        """Deliver until nothing is due."""
        tally = Tally()
        self._deliver_all(tally)
        return tally

    def stop(self) -> None:
        """Stop after the current delivery or batch."""
        self._stopped.set()

    def stop_on_signals(self) -> None:
        """Stop at TERM and INT."""

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
            # A new app context has a new session, so the handler sees no row of the claim.
            with self.app.app_context():
                if deliveries.deliver(delivery):
                    tally.delivered += 1
                else:
                    tally.failed += 1


def run_once(app: Flask) -> Tally:
    """Deliver what is due in *app*, run every job, and return."""
    return Worker(app).run_due()
