"""Fakes of contracts, bound against them as the host binds providers."""

from collections.abc import Callable
from typing import Any, NoReturn

from mercato_composition.features.checks.contracts import misfits
from mercato_kit.feature import Offer


def fake(
    contract: type[Any],
    *,
    name: str | None = None,
    version: str = "1.0",
    remote: bool = False,
    **members: object,
) -> Offer:
    """Return an offer of a fake of *contract*: ``fake(Discounts, quote=lambda basket: …)``.

    Make it once for a module: tests whose fakes are the same share an app.

    Args:
        contract: The Protocol.
        name: The provider's name; the manifest's by default, which is ``fakes``.
        version: The version that it offers.
        remote: Whether it says of itself that it asks another machine.
        members: Methods, without ``self``; or the answer of a method. The contract's other methods
            fail when they are called.

    Raises:
        TypeError: A member does not fit the contract, or is none of it.
    """
    if strange := [one for one in members if not hasattr(contract, one)]:
        raise TypeError(f"{contract.__name__} has no {', '.join(strange)}")
    methods = [one for one in dir(contract) if not one.startswith("_")]
    bodies = {one: staticmethod(_method(contract, one, members)) for one in methods}
    offer = Offer(contract, version, type(f"Fake{contract.__name__}", (), bodies), name, remote)
    if wrong := list(misfits(offer)):
        raise TypeError("; ".join(wrong))
    return offer


def _method(contract: type[Any], name: str, members: dict[str, object]) -> Callable[..., object]:
    if name not in members:
        return _unexpected(contract, name)
    member = members[name]
    return member if callable(member) else _always(member)


def _always(answer: object) -> Callable[..., object]:
    return lambda *_arguments, **_named: answer


def _unexpected(contract: type[Any], name: str) -> Callable[..., NoReturn]:
    def fail(*_arguments: object, **_named: object) -> NoReturn:
        raise AssertionError(f"the fake of {contract.__name__} has no {name}()")

    return fail
