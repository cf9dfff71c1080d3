"""K420: what the guard says when it refuses a statement."""

from collections.abc import Sequence
from textwrap import shorten

from mercato_composition.faults import Fault
from mercato_composition.features.candidate import Candidate

_STATEMENT_SHOWN = 100


def explain(
    *,
    asker: Candidate,
    owner: Candidate | None,
    tables: Sequence[str],
    statement: str,
    place: str,
) -> Fault:
    """Say which statement of which line was refused, and how to get at the data instead.

    Args:
        asker: Whose code sent it.
        owner: Whose the tables are; None for the kit.
        tables: Those of *owner* that it names.
        statement: Its text; the first words are shown.
        place: File and line of *asker*.
    """
    belong = "a table of" if len(tables) == 1 else "tables of"
    whom = "mercato-kit" if owner is None else owner.where
    lines = [
        f"its statement touches {', '.join(tables)}, {belong} {whom}; it was not sent:",
        shorten(statement, _STATEMENT_SHOWN, placeholder=" …"),
        f"at {place}",
    ]
    fix = _way_to_the_kit() if owner is None else _way_to(owner)
    return asker.fault("K420", "\n".join(lines), fix)


def _way_to(owner: Candidate) -> str:
    manifest = owner.manifest
    calls = [f"services.get({offer.contract.__name__})" for offer in manifest.offers]
    ways = []
    if calls:
        ways.append(f"call its contract: {' or '.join(calls)}")
    if manifest.publishes:
        ways.append(f"handle its events: {', '.join(manifest.publishes)}")
    if not ways:
        ways.append(f"agree on a contract or an event with {owner.name!r}, which has neither yet")
    return "; or ".join(ways)


def _way_to_the_kit() -> str:
    return "use what the kit offers: outbox.publish(…), or idempotent=True on the route"
