"""The contract between two features of the guard's tests."""

from typing import Protocol


class Counting(Protocol):
    """Knows how many there are of a ware."""

    def take(self, name: str) -> int:
        """Take one away, and return how many are left."""
        ...

    def announce(self, name: str) -> None:
        """Leave a new ware in the session, unwritten."""
        ...
