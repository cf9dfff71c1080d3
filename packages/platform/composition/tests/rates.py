"""A contract that one provider answers, which may ask another machine."""

from typing import Final, Protocol

from mercato_kit.feature import Offer

from .manifests import feature

REMOTE: Final = ("rate",)


class Rates(Protocol):
    """The contract; its id is the name of this module."""

    def rate(self) -> int:
        """Return a rate."""
        ...


class Rate:
    def rate(self):
        """Fit the contract."""
        return 19


FAR = feature("far", offers=[Offer(Rates, "1.0", Rate, remote=True)])
NEAR = feature("near", offers=[Offer(Rates, "1.0", Rate)])
OTHER = feature("other", offers=[Offer(Rates, "1.0", Rate, remote=True)])
