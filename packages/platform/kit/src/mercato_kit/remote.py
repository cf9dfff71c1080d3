"""Remote providers that do not answer in time: K508 in the log, and counted by the host."""

import logging
from collections.abc import Callable
from typing import Any, cast

from flask import Flask

from mercato_kit.contexts import get_app
from mercato_kit.feature import contract_id
from mercato_kit.services import remote_terms

Watcher = Callable[[str, str, str], object]

_EXTENSION = "mercato_late"
_log = logging.getLogger(__name__)


def watchers_of(app: Flask) -> list[Watcher]:
    """Return the functions that are called when a remote provider of *app* is late.

    Each gets the contract, the provider's name, and what is used instead: ``refuse``, ``skip``, or
    the name of a local provider.
    """
    return cast("list[Watcher]", app.extensions.setdefault(_EXTENSION, []))


def note_late(contract: type[Any], name: str) -> None:
    """Note that a remote provider was late or failed.

    Args:
        contract: The Protocol.
        name: The provider's name.
    """
    terms = remote_terms(contract, name)
    used = terms.late if terms else "refuse"
    _log.warning("K508: %s %r was late or failed; late = %r", contract_id(contract), name, used)
    for watch in watchers_of(get_app()):
        watch(contract_id(contract), name, used)
