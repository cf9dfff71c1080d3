"""The contract between the two features for tests of the SQL guard."""

from typing import Protocol


class Counting(Protocol):
    """Counts wares."""

    def take(self, name: str) -> int:
        """Take one away, and return how many are left."""
        ...

    def announce(self, name: str) -> None:
        """Add a new ware to the session without a flush."""
        ...

    def record(self, name: str) -> None:
        """Add a new ware at the end of the unit of work."""
        ...
