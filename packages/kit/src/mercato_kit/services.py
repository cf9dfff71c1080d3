"""What other features offer: ``get(Catalog).quote(…)``."""

from typing import TypeVar

import svcs

T = TypeVar("T")


def get(contract: type[T]) -> T:
    """Return the provider of *contract* in this app: one instance a request or job.

    Raises:
        svcs.exceptions.ServiceNotFoundError: No composed feature offers it; a feature that states
            its need in the manifest never sees this.
    """
    return svcs.flask.get(contract)


def find(contract: type[T]) -> T | None:
    """Return the provider of *contract*, or None where no composed feature offers it."""
    if contract in svcs.flask.registry:
        return svcs.flask.get(contract)
    return None
