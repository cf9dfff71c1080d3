"""Job: a function that the worker runs periodically."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Job:
    """A periodic task of the worker. Each run is a unit of work.

    Args:
        name: Identifies the job within its feature.
        function: Processes one batch and returns the number of items. Called again immediately
            until it returns 0.
        every_seconds: Pause between runs.
        remote: Whether it talks to other machines or opens its own units of work. The worker then
            opens no transaction around it.
    """

    name: str
    function: Callable[[], int]
    every_seconds: int
    remote: bool = False
