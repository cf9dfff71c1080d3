"""Let a session clean up when it is stopped."""

import signal


def end_in_order() -> None:
    """Raise KeyboardInterrupt on SIGINT, SIGTERM and SIGHUP, so that ``finally`` blocks run."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
