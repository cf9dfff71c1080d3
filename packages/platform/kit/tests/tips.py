"""A contract that many providers answer."""

from typing import Final, Protocol

ANSWERS: Final = "many"
ORDERED: Final = True
REMOTE: Final = ("tip",)


class Tips(Protocol):
    """The contract."""

    def tip(self) -> str:
        """Return a tip."""
        ...


class Dry:
    def tip(self):
        """Fit the contract."""
        return "dry"


class Warm:
    def tip(self):
        """Fit the contract, too."""
        return "warm"
