"""K113: a provider's methods can be called as its contract says."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, get_type_hints

from mercato_composition.faults import Fault, Outside
from mercato_composition.features.candidate import Candidate
from mercato_kit.feature import Decorates, Offer

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)

Call = tuple[tuple[Any, ...], dict[str, Any]]


def signatures(features: Sequence[Candidate]) -> Iterator[Fault]:
    """Bind what each provider and each decorator has against its contract (K113)."""
    for feature in features:
        answers: list[Offer | Decorates[Any]] = [*feature.manifest.offers]
        answers += feature.manifest.decorates
        for answer in answers:
            fix = f"tell the maintainers of {feature.release}"
            yield from (feature.fault("K113", what, Outside(fix)) for what in misfits(answer))


def misfits(answer: Offer | Decorates[Any]) -> Iterator[str]:
    """Say where what *answer* makes differs from its contract."""
    if isinstance(answer, Decorates) and not _takes_one(answer.factory):
        yield f"the decorator of {answer.id} cannot be called with the provider below it"
        return
    try:
        provider = provider_of(answer)
    except Exception as error:  # noqa: BLE001 - a feature's factory may fail in any way
        yield f"{answer.id} cannot be checked: its factory failed: {type(error).__name__}: {error}"
        return
    for name, expected in _members_of(answer.contract):
        if not _has(provider, name):
            yield f"{answer.id}.{name} is missing"
        elif inspect.isfunction(expected):
            yield from _method_misfits(f"{answer.id}.{name}", provider, name, expected)


def _takes_one(factory: Callable[..., object]) -> bool:
    try:
        inspect.signature(factory).bind(None)
    except (TypeError, ValueError):
        return False
    return True


def provider_of(answer: Offer | Decorates[Any]) -> object:
    """Return the provider's class; where a factory does not say which, what it makes."""
    factory = answer.factory
    if isinstance(factory, type):
        return factory
    returned = get_type_hints(factory).get("return")
    # A factory annotated with the contract itself tells nothing about what it makes.
    if isinstance(returned, type) and returned is not answer.contract:
        return returned
    if isinstance(answer, Offer):
        return answer.factory()
    return answer.factory(_stand_in(answer.contract))


def _stand_in(contract: type[Any]) -> object:
    """Return an object with the methods of *contract*, each of which does nothing."""
    return type(contract.__name__, (contract,), {})()


def _members_of(contract: type[Any]) -> Iterator[tuple[str, object]]:
    """Give the names a Protocol asks for, with its function or None for a value."""
    members: dict[str, object] = {}
    for kind in reversed(contract.__mro__):
        if not getattr(kind, "_is_protocol", False) or kind.__module__ == "typing":
            continue
        members |= dict.fromkeys(inspect.get_annotations(kind))
        members |= {name: one for name, one in vars(kind).items() if not name.startswith("_")}
    yield from members.items()


def _has(provider: object, name: str) -> bool:
    if hasattr(provider, name):
        return True
    kind = provider if isinstance(provider, type) else type(provider)
    return any(name in inspect.get_annotations(base) for base in kind.__mro__)


def _method_misfits(
    where: str, provider: object, name: str, expected: Callable[..., Any]
) -> Iterator[str]:
    actual = getattr(provider, name, None)
    if not callable(actual):
        yield f"{where} is {actual!r}, not a method"
        return
    if inspect.iscoroutinefunction(actual) != inspect.iscoroutinefunction(expected):
        yield f"{where} is {'' if inspect.iscoroutinefunction(actual) else 'not '}async"
        return
    wanted = _without_self(inspect.signature(expected))
    offered = inspect.signature(actual)
    if isinstance(provider, type) and inspect.isfunction(inspect.getattr_static(provider, name)):
        offered = _without_self(offered)
    for positional, named in _calls(wanted):
        try:
            offered.bind(*positional, **named)
        except TypeError as error:
            reason = str(error).replace("missing a required argument: ", "missing ")
            shown = _shown(wanted)
            yield f"{where}{_shown(offered)} cannot be called as {name}{shown}: {reason}"
            return


def _without_self(signature: inspect.Signature) -> inspect.Signature:
    return signature.replace(parameters=list(signature.parameters.values())[1:])


def _shown(signature: inspect.Signature) -> str:
    """Write a signature with names only."""
    plain = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in signature.parameters.values()
    ]
    return str(inspect.Signature(plain))


def _calls(signature: inspect.Signature) -> Iterator[Call]:
    """Give the ways in which callers may call: by position, by name, with and without defaults."""
    parameters = signature.parameters.values()
    for some in ([one for one in parameters if one.default is one.empty], parameters):
        for by_name in (False, True):
            named = {
                one.name
                for one in some
                if one.kind is one.KEYWORD_ONLY
                or (by_name and one.kind is one.POSITIONAL_OR_KEYWORD)
            }
            positional = [one.name for one in some if one.kind in _POSITIONAL]
            yield tuple(name for name in positional if name not in named), dict.fromkeys(named)
