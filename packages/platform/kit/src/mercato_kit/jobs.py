"""Job: a function that the worker runs again and again."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Job:
    """Something the worker does again and again, each time in a unit of work of its own.

    Args:
        name: Its identity within the feature.
        function: What to do for one batch; returns how many things it did. Called again at once
            while that is not 0.
        every_seconds: Pause between runs.
        remote: It talks to another machine: no transaction is opened around it.
    """

    name: str
    function: Callable[[], int]
    every_seconds: int
    remote: bool = False
