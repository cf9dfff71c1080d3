"""The fault of the SQL guard, K420."""

from collections.abc import Sequence
from textwrap import shorten

from mercato_composition.faults import Fault, Outside
from mercato_composition.features.candidate import Candidate
from mercato_kit.contracts import has_many

_STATEMENT_SHOWN = 100


def guard_fault(
    *,
    caller: Candidate,
    owner: Candidate | None,
    tables: Sequence[str],
    statement: str,
    place: str,
) -> Fault:
    """Return the fault of a refused statement, with the permitted way to the data.

    Args:
        caller: The feature whose code sent the statement.
        owner: The feature that owns the tables; None for the kit.
        tables: The tables of *owner* that the statement names.
        statement: The SQL; its beginning is shown.
        place: The file and line in the code of *caller*.
    """
    belong = "a table of" if len(tables) == 1 else "tables of"
    owned_by = "mercato-kit" if owner is None else owner.where
    lines = [
        f"its statement uses {', '.join(tables)}, {belong} {owned_by}, and was not sent:",
        shorten(statement, _STATEMENT_SHOWN, placeholder=" …"),
        f"at {place}",
    ]
    fix = _way_to_the_kit() if owner is None else _way_to(owner)
    return caller.fault("K420", "\n".join(lines), Outside(fix))


def _way_to(owner: Candidate) -> str:
    manifest = owner.manifest
    contracts = [offer.contract for offer in manifest.offers]
    calls = [f"services.{'each' if has_many(one) else 'get'}({one.__name__})" for one in contracts]
    ways = []
    if calls:
        ways.append(f"call its contract: {' or '.join(calls)}")
    if manifest.publishes:
        ways.append(f"handle its events: {', '.join(manifest.publishes)}")
    if not ways:
        ways.append(f"ask the authors of {owner.name!r} for a contract or an event; it has neither")
    return "; or ".join(ways)


def _way_to_the_kit() -> str:
    return "use the kit's functions: outbox.publish(…), or idempotent=True on the route"
