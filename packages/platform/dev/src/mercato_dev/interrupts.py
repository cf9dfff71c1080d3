"""Whoever stops a command is heard: what it began, it ends."""

import signal


def end_in_order() -> None:
    """Clean up when told to stop, whoever tells it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
