"""Work of a route before its transaction begins: asking other machines, verifying a password."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from mercato_kit import work
from mercato_kit.composition import current_composition
from mercato_kit.errors import Unavailable
from mercato_kit.http.routes import Route

T = TypeVar("T")
P = TypeVar("P", bound=Callable[..., Any])

CAPTURE: Final = object()
"""Given as ``prepared``, a view returns the arguments that were parsed for it."""


def always(prepare: P) -> P:
    """Mark a preparation that runs in every deployment, not only beside remote providers.

    For slow work of this machine, such as verifying a password, while no lock is held. It runs
    outside of a unit of work, and reads with :class:`mercato_kit.reads.Read`.
    """
    vars(prepare)["runs_always"] = True
    return prepare


class Outdated(Exception):
    """What was prepared does not fit any more: prepare it again."""


def run_prepared(
    route: Route,
    arguments: Mapping[str, Any],
    check: Callable[[], object],
    step: Callable[[Mapping[str, Any]], T],
) -> T:
    """Prepare the work of a route, and run it in its unit of work.

    Nothing is prepared, and its value is None, where no remote provider is composed, unless
    :func:`always` marks it. What is outdated when the work runs is prepared once more.

    Args:
        route: A route with ``prepare``.
        arguments: The values of its path.
        check: Checks what the route requires of a request before its arguments are parsed.
        step: Runs the unit of work with the arguments of the view.

    Raises:
        Unavailable: It is outdated again.
    """
    if not ("runs_always" in vars(route.prepare) or current_composition().asks_remote):
        return step({**arguments, "prepared": None})
    parsed, named = work.run(lambda: _parsed(route, arguments, check), read_only=True)
    try:
        return step({**arguments, "prepared": _prepare(route, parsed, named)})
    except Outdated:
        pass
    try:
        return step({**arguments, "prepared": _prepare(route, parsed, named)})
    except Outdated as error:
        raise Unavailable from error


def _parsed(
    route: Route, arguments: Mapping[str, Any], check: Callable[[], object]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    check()
    parsed: tuple[tuple[Any, ...], dict[str, Any]] = route.view(**arguments, prepared=CAPTURE)
    return parsed


def _prepare(route: Route, parsed: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    return None if route.prepare is None else route.prepare(*parsed, **named)
