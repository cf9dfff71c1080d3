"""Sentences about states, made from their table, for the API document."""

from collections.abc import Iterable

from mercato_orders.states import ORDER, Steps


def of_orders() -> str:
    """Return what the status of an order says, and when it changes."""
    ends: dict[str, list[str]] = {}
    for change in ORDER:
        if change.target.partition("/")[0] != "open":
            ends.setdefault(change.target, []).append(change.guard)
    return f"State of the order: open, then {_either(map(_end, ends.items()))}"


def of_steps(what: str, steps: Steps) -> str:
    """Return what the status of a part of an order says, and which one may follow each."""
    follow = (f"after {before}: {_either(after)}" for before, after in steps.items() if before)
    return f"State of the {what}; {'; '.join(follow)}"


def _end(end: tuple[str, list[str]]) -> str:
    status, guards = end
    conditions = "; or ".join(filter(None, guards))
    return f"{status} ({conditions})" if conditions else status


def _either(parts: Iterable[str]) -> str:
    *most, last = parts
    return f"{', '.join(most)} or {last}" if most else last
