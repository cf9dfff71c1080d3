"""The current app, request and ``g`` of Flask themselves.

Flask's proxies look their object up for each attribute, which costs six times as much. Code that
runs in every request asks here once.
"""

from collections.abc import Callable
from typing import Any, cast

from flask import Flask, Request, current_app, g, request


def _object_of(proxy: Any) -> Any:
    return proxy._get_current_object  # noqa: SLF001 - werkzeug documents it for this


get_app = cast("Callable[[], Flask]", _object_of(current_app))
"""Return the current app. Raises RuntimeError if there is none."""

get_request = cast("Callable[[], Request]", _object_of(request))
"""Return the current request. Raises RuntimeError if there is none."""

get_globals = cast("Callable[[], Any]", _object_of(g))
"""Return ``g`` of the current app context. Raises RuntimeError if there is none."""
