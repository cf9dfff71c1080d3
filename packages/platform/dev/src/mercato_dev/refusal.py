"""One way to say why a command does not go on."""

from collections.abc import Iterable

import nox


def refuse(
    session: nox.Session, what: str, faults: Iterable[str], hint: str = "Mend these first"
) -> None:
    """End *session* with all faults, one a line; where there is none, go on.

    Args:
        session: The one that found them.
        what: What they keep from being done, e.g. ``mercato-orders cannot be released``.
        faults: What was found.
        hint: What to do about it.
    """
    if listed := "".join(f"\n  {fault}" for fault in faults):
        session.error(f"{what}:{listed}\n{hint}")
