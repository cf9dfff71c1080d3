"""Access to the providers of contracts: ``get(Catalog).quote(…)``, ``each(Discounts)``."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import svcs

from mercato_kit.composition import Answer, RemoteTerms, current_composition
from mercato_kit.contexts import get_globals
from mercato_kit.contracts import has_many

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Named(Generic[T_co]):
    """A provider with its name.

    Args:
        name: Its name among those of the contract.
        provider: The provider; for a contract that is decorated, the outermost one.
        remote: Whether it asks another machine.
    """

    name: str
    provider: T_co
    remote: bool


def get(contract: type[T]) -> T:
    """Return the provider of *contract* in the current app: one instance per request or job.

    Raises:
        NotComposedError: The composition is not complete, or there is no app context.
        TypeError: Many providers answer the contract: use :func:`each`.
        svcs.exceptions.ServiceNotFoundError: No composed feature offers the contract. Cannot happen
            if the feature declares the need in its manifest.
    """
    try:
        return _container().get(contract)
    except svcs.exceptions.ServiceNotFoundError:
        _require_one(contract)
        raise


def find(contract: type[T]) -> T | None:
    """Return the provider of *contract*; None if no composed feature offers it.

    Raises:
        NotComposedError: The composition is not complete, or there is no app context.
        TypeError: Many providers answer the contract: use :func:`each`.
    """
    container = _container()
    if contract in container.registry:
        return container.get(contract)
    _require_one(contract)
    return None


def chosen(contract: type[T]) -> Named[T] | None:
    """Return what :func:`find` returns, with the name of the feature's provider that answers.

    The name is that of the provider below all decorators.
    """
    provider = find(contract)
    if provider is None:
        return None
    answer = current_composition().answers[contract][-1]
    return Named(answer.name, provider, answer.remote is not None)


def each(contract: type[T]) -> tuple[Named[T], ...]:
    """Return the providers of *contract* in order: one instance of each per request or job.

    Returns:
        The providers; none if no composed feature offers the contract.

    Raises:
        NotComposedError: The composition is not complete, or there is no app context.
        TypeError: One provider answers the contract: use :func:`get`.
    """
    container = _container()
    return tuple(_named(container, answer) for answer in _answers(contract))


def named(contract: type[T], name: str) -> T | None:
    """Return the provider of *contract* with a name; None if there is none. Raises as each().

    One that only replaces a late remote provider is found, too: its answers have its name.
    """
    container, answers = _container(), _answers(contract)
    instead = (one.remote.fallback for one in answers if one.remote and one.remote.fallback)
    answer = next((one for one in (*answers, *instead) if one.name == name), None)
    return None if answer is None else cast("T", container.get(cast("Any", answer)))


def names(contract: type[Any]) -> tuple[str, ...]:
    """Return the names of the providers of *contract*, in order. Raises as each()."""
    return tuple(answer.name for answer in _answers(contract))


def remote_terms(contract: type[T], name: str) -> RemoteTerms | None:
    """Return how long a remote provider may take, and what happens when it is late.

    Args:
        contract: The Protocol.
        name: The provider's name, of :func:`each` or :func:`chosen`.

    Returns:
        The operator's terms; None for a local provider.
    """
    answers = current_composition().answers.get(contract, ())
    return next((one.remote for one in reversed(answers) if one.name == name), None)


def fallback(contract: type[T], name: str) -> Named[T] | None:
    """Return the provider that is asked when a remote one is late; None where ``late`` names none.

    Args:
        contract: The Protocol.
        name: The name of the remote provider.
    """
    terms = remote_terms(contract, name)
    if terms is None or terms.fallback is None:
        return None
    return _named(_container(), terms.fallback)


def _named(container: svcs.Container, answer: Answer) -> Named[Any]:
    return Named(answer.name, container.get(cast("Any", answer)), answer.remote is not None)


def _answers(contract: type[Any]) -> tuple[Answer, ...]:
    if not has_many(contract):
        raise TypeError(f"one provider answers {contract.__name__}: use services.get()")
    return current_composition().answers.get(contract, ())


def _require_one(contract: type[Any]) -> None:
    if has_many(contract):
        raise TypeError(f"many providers answer {contract.__name__}: use services.each()")


def _container() -> svcs.Container:
    try:
        return svcs.flask.svcs_from(get_globals())
    except (RuntimeError, KeyError):
        current_composition()
        raise
