"""The security log: who changed what, and who was refused.

Its lines are events of the logger ``mercato.security``. The name of an event is stable; ids say
who and what. Secrets, e-mail addresses and free text do not belong into it.
"""

import logging
from functools import partial
from typing import Any

from flask import g, has_request_context, request

from mercato_kit import work
from mercato_kit.identity import known_principal

log = logging.getLogger("mercato.security")


def record(event: str, **facts: Any) -> None:
    """Log a change when the unit of work has committed; a change that is rolled back is not logged.

    Args:
        event: What happened, such as ``price_changed``.
        **facts: Ids and numbers, by name.
    """
    work.after_commit(partial(_write, logging.INFO, event, facts | _who()))


def refuse(event: str, **facts: Any) -> None:
    """Log a refusal at once: it has no work to commit.

    The host logs each problem with status 401, 403 or 429, and those with facts
    (:class:`mercato_kit.errors.Problem`); a feature raises the problem and does not call this.
    """
    _write(logging.WARNING, event, facts | _who())


def _write(level: int, event: str, facts: dict[str, Any]) -> None:
    log.log(level, event, extra={"facts": facts})


def _who() -> dict[str, Any]:
    """Return the caller, its address and its request; nothing outside of a request."""
    if not has_request_context():
        return {}
    caller = known_principal()
    key = {} if caller.key_id is None else {"key_id": caller.key_id}
    return {
        "principal_id": caller.sub,
        **key,
        "address": request.remote_addr,
        "request_id": g.get("request_id"),
    }
