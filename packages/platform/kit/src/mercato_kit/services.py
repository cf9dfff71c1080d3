"""Access to the providers of contracts: ``get(Catalog).quote(…)``."""

from typing import TypeVar

import svcs

from mercato_kit.composition import current_composition
from mercato_kit.contexts import get_globals

T = TypeVar("T")


def get(contract: type[T]) -> T:
    """Return the provider of *contract* in the current app: one instance per request or job.

    Raises:
        NotComposedError: The composition is not complete, or there is no app context.
        svcs.exceptions.ServiceNotFoundError: No composed feature offers the contract. Cannot happen
            if the feature declares the need in its manifest.
    """
    return _container().get(contract)


def find(contract: type[T]) -> T | None:
    """Return the provider of *contract*; None if no composed feature offers it.

    Raises:
        NotComposedError: The composition is not complete, or there is no app context.
    """
    container = _container()
    return container.get(contract) if contract in container.registry else None


def _container() -> svcs.Container:
    current_composition()
    return svcs.flask.svcs_from(get_globals())
