"""Failures to count, which must not become failures of what is counted."""

import logging
from types import TracebackType

_log = logging.getLogger(__name__)


class LoggedOnce:
    """Suppresses the exceptions of a ``with`` block, and logs the first one of the process."""

    def __init__(self) -> None:
        self._is_logged = False

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(
        self,
        _: type[BaseException] | None,
        error: BaseException | None,
        __: TracebackType | None,
    ) -> bool:
        """Return whether to suppress *error*."""
        if not isinstance(error, Exception):
            return False
        if not self._is_logged:
            self._is_logged = True
            _log.error("Metrics are incomplete, as counting failed.", exc_info=error)
        return True
