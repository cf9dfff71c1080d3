"""End a session with a list of faults."""

from collections.abc import Iterable

import nox


def refuse(
    session: nox.Session, what: str, faults: Iterable[str], hint: str = "Fix these first"
) -> None:
    """End *session* if there are any faults, and print each on a line.

    Args:
        session: The session.
        what: The headline, e.g. ``mercato-orders cannot be released``.
        faults: The faults.
        hint: What to do about them.
    """
    if listed := "".join(f"\n  {fault}" for fault in faults):
        session.error(f"{what}:{listed}\n{hint}")
