"""A contract that many providers answer, in an order that counts."""

from typing import Final, Protocol

from mercato_kit.feature import Offer

from .manifests import feature

ANSWERS: Final = "many"
ORDERED: Final = True
REMOTE: Final = ("tip",)


class Tips(Protocol):
    """The contract; its id is the name of this module."""

    def tip(self) -> str:
        """Return a tip."""
        ...


class Tip:
    def tip(self):
        """Fit the contract."""
        return "tip"


def tipping(name, version="1.0", **parts):
    """Return a feature that offers a tip."""
    return feature(name, offers=[Offer(Tips, version, Tip)], **parts)
