"""Read the previous secret key, which is accepted for some time after a change."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from mercato_composition.deployment import corrections, edits
from mercato_composition.deployment.file import Source
from mercato_composition.deployment.model import PreviousKey
from mercato_composition.deployment.partial import Hole, Partial
from mercato_composition.faults import Fault, Severity
from mercato_kit.settings import Secret

LONGEST = timedelta(days=30)
"""How far ahead the last day of a previous key may be in production."""

_KEY, _UNTIL = "secret_key_previous", "secret_key_previous_until"


def previous_key(
    source: Source, root: Partial[Any], environment: str | Hole, absent: Severity | None
) -> tuple[PreviousKey | Hole | None, list[Fault]]:
    """Return the previous secret key, and what is wrong with it.

    Args:
        source: The merged file and environment.
        root: The top of the file.
        environment: The environment, which has a limit if it is production.
        absent: How a required secret that is absent is reported; None for not at all.
    """
    key, until = root.values[_KEY], root.values[_UNTIL]
    if isinstance(key, Hole) or isinstance(until, Hole):
        return key if isinstance(key, Hole) else until, []
    if key is None:
        return None, list(_without_key(source, until, absent))
    if until is None:
        fault = _missing(source, _UNTIL, "date: its last day (UTC), at most 30 days ahead")
        return Hole(_UNTIL, (fault.key,)), [fault]
    faults = list(_unfit(source, until, environment))
    if any(fault.severity == "error" for fault in faults):
        return Hole(_UNTIL, (faults[0].key,)), faults
    return _made(key, until), faults


def _made(key: Secret, until: date) -> PreviousKey:
    end = datetime.combine(until + timedelta(days=1), time(), UTC)
    return PreviousKey(key, end)


def _without_key(source: Source, until: date | None, absent: Severity | None) -> Iterator[Fault]:
    """Report a last day without a key: a variable may be missing on this machine."""
    if until is not None and until >= _today() and absent is not None:
        yield _missing(source, _KEY, f"secret: the key that is accepted until {until}", absent)


def _missing(source: Source, key: str, meaning: str, severity: Severity = "error") -> Fault:
    what = f"required setting {key!r} is missing ({meaning})."
    if key == _KEY:
        fixes = (*corrections.secret((key,)), edits.remove(source, (_UNTIL,), "choice"))
    else:
        fixes = (edits.set_value(source, (key,), f"{_today() + LONGEST}", "choice"),)
    return Fault("K201", source.origin(key), what, fixes, severity=severity)


def _unfit(source: Source, until: date, environment: str | Hole) -> Iterator[Fault]:
    """Report a last day that has passed, or, in production, one that is too far ahead."""
    where, latest = source.origin(_UNTIL), _today() + LONGEST
    if until < _today():
        what = f"the previous secret key ended on {until}, and is ignored."
        fixes = tuple(edits.remove(source, (key,)) for key in (_KEY, _UNTIL))
        yield Fault("K209", where, what, fixes, severity="warning")
    elif until > latest and environment == "production":
        what = f"the previous secret key would be accepted until {until}: too long."
        yield Fault("K209", where, what, (edits.set_value(source, (_UNTIL,), f"{latest}"),))


def _today() -> date:
    return datetime.now(UTC).date()
