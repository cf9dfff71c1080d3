"""What other features offer: ``get(Catalog).quote(…)``."""

from typing import TypeVar

import svcs

from mercato_kit.composition import current_composition

T = TypeVar("T")


def get(contract: type[T]) -> T:
    """Return the provider of *contract* in this app: one instance a request or job.

    Raises:
        NotComposedError: The composition has not ended, or this is outside of an app.
        svcs.exceptions.ServiceNotFoundError: No composed feature offers it; a feature that states
            its need in the manifest never sees this.
    """
    current_composition()
    return svcs.flask.get(contract)


def find(contract: type[T]) -> T | None:
    """Return the provider of *contract*, or None where no composed feature offers it.

    Raises:
        NotComposedError: The composition has not ended, or this is outside of an app.
    """
    current_composition()
    if contract in svcs.flask.registry:
        return svcs.flask.get(contract)
    return None
