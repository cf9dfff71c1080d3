"""Run functions at the same time."""

from concurrent.futures import ThreadPoolExecutor


def at_once(*calls):
    """Run the calls at the same time; return their results."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]
