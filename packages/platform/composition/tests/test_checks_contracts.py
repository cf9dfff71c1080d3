"""A provider that cannot be called as its contract says is refused."""

from typing import Protocol

import pytest

from mercato_kit.feature import Offer

from .manifests import codes, feature, planned, rendered


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
        """Require more arguments than the contract has."""
        return tone


class OtherName(Greeter):
    def greet(self, person, times=1):
        """Name an argument differently."""
        return person


class NoDefault(Greeter):
    def greet(self, name, times):
        """Lack a default."""
        return name


class NotCallable(Greeter):
    greet = 1


class Asynchronous(Greeter):
    async def greet(self, name, times=1):
        """Be a coroutine."""
        return name


class Quiet:
    def greet(self, name, times=1):
        """Fit the contract except for its value."""
        return name


class Annotated(Quiet):
    loud: bool


class Static:
    loud = False

    @staticmethod
    def greet(name, times=1, *more, **others):
        """Accept more arguments than the contract has."""
        return name


def make_bad_greeter() -> MoreNeeded:
    """Make a provider that does not fit."""
    return MoreNeeded()


def make_some_greeting() -> Greeting:
    """Make a provider of a type annotated as the contract."""
    return Quiet()


def make_something():
    """Make a provider of an unannotated type."""
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
        assert f"{ID}.{what}" in [line for one in found.faults for line in one.what.splitlines()]

    @pytest.mark.provokes("K113")
    def test_a_factory_that_fails(self):
        """K113 has the error of a factory that fails."""
        found = planned(feature("greetings", offers=[Offer(Greeting, "1.0", lambda: 1 / 0)]))

        assert codes(found) == ["K113"]
        assert "its factory failed: ZeroDivisionError" in rendered(found)

    @pytest.mark.parametrize("factory", [Greeter, Annotated, Static, make_good_greeter])
    def test_a_provider_that_can(self, factory):
        """Classes, functions, annotations, static methods and wider signatures are accepted."""
        assert planned(feature("greetings", offers=[Offer(Greeting, "1.0", factory)])).fits
