"""A contract that many providers answer."""

from typing import Final, Protocol

ANSWERS: Final = "many"


class Tips(Protocol):
    """The contract; its id is the name of this module."""

    def tip(self) -> str:
        """Return a tip."""
        ...
