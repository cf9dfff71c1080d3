"""A provider can be called as its contract says, or is refused."""

from typing import Protocol

import pytest

from mercato_kit.feature import Offer

from .manifests import codes
from .manifests import feature
from .manifests import planned
from .manifests import told


class Greeting(Protocol):
    """The contract; its id is the name of this module."""

    loud: bool

    def greet(self, name: str, times: int = 1) -> str:
        """Return a greeting."""
        ...


ID = __name__.rpartition(".")[2]


class Greeter:
    loud = True

    def greet(self, name, times=1):
        """Fit the contract."""
        return name * times


class MoreNeeded(Greeter):
    def greet(self, name, times=1, *, tone):
        """Ask for more than the contract gives."""
        return tone


class OtherName(Greeter):
    def greet(self, person, times=1):
        """Call an argument by another name."""
        return person


class NoDefault(Greeter):
    def greet(self, name, times):
        """Have no default."""
        return name


class NotCallable(Greeter):
    greet = 1


class Asynchronous(Greeter):
    async def greet(self, name, times=1):
        """Be awaited."""
        return name


class Quiet:
    def greet(self, name, times=1):
        """Fit the contract, all but its value."""
        return name


class Annotated(Quiet):
    loud: bool


class Static:
    loud = False

    @staticmethod
    def greet(name, times=1, *more, **others):
        """Take more than the contract gives."""
        return name


def make_bad_greeter() -> MoreNeeded:
    """Make a provider that does not fit."""
    return MoreNeeded()


def make_some_greeting() -> Greeting:
    """Make a provider, without telling which."""
    return Quiet()


def make_something():
    """Make a provider, without telling what."""
    return Quiet()


def make_good_greeter():
    """Make a provider that fits."""
    return Greeter()


NEEDS_TONE = (
    "greet(name, times=1, *, tone) cannot be called as greet(name, times=1): missing 'tone'"
)


class TestContracts:
    @pytest.mark.provokes("K113")
    @pytest.mark.parametrize(
        ("factory", "what"),
        [
            (MoreNeeded, NEEDS_TONE),
            (
                OtherName,
                "greet(person, times=1) cannot be called as greet(name, times=1): missing 'person'",
            ),
            (
                NoDefault,
                "greet(name, times) cannot be called as greet(name, times=1): missing 'times'",
            ),
            (NotCallable, "greet is 1, not a method"),
            (Asynchronous, "greet is async"),
            (Quiet, "loud is missing"),
            (object, "loud is missing"),
            (make_bad_greeter, NEEDS_TONE),
            (make_some_greeting, "loud is missing"),
            (make_something, "loud is missing"),
        ],
    )
    def test_a_provider_that_cannot_be_called_as_its_contract_says(self, factory, what):
        """K113 shows both signatures and what is missing."""
        found = planned(feature("greetings", offers=[Offer(Greeting, "1.0", factory)]))

        assert set(codes(found)) == {"K113"}
        assert f"{ID}.{what}" in [fault.what for fault in found.faults]

    @pytest.mark.provokes("K113")
    def test_a_factory_that_fails(self):
        """K113 says why it could not be asked."""
        found = planned(feature("greetings", offers=[Offer(Greeting, "1.0", lambda: 1 / 0)]))

        assert codes(found) == ["K113"]
        assert "its factory failed: ZeroDivisionError" in told(found)

    @pytest.mark.parametrize("factory", [Greeter, Annotated, Static, make_good_greeter])
    def test_a_provider_that_can(self, factory):
        """Classes, functions, annotations, static methods and wider signatures are all fine."""
        assert planned(feature("greetings", offers=[Offer(Greeting, "1.0", factory)])).fits
