"""What does not fit in a deployment, and how it is told to the operator."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

_ROOT_CAUSES = "K100 K102 K101 K104 K116 K117 K505 K103 K106 K107 K118 K105".split()
"""A fault of these may be the cause of all the others."""

_GROUPS = ("K2", "K1", "K4", "K3", "K5")
"""In which order the others are told."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not fit.

    Args:
        code: K1xx composition, K2xx settings, K3xx data, K4xx clashes, K5xx run time; one of
            :func:`mercato_composition.faults.codes.codes`.
        where: The distribution with version and feature, or the place in the operator's file.
        what: What is so; lines.
        fix: What to do about it.
        severity: A warning stops nothing.
        feature: The feature that cannot be composed because of it.
        follows: Names of features, with a comma between, whose faults it follows from.
    """

    code: str
    where: str
    what: str
    fix: str
    severity: Literal["error", "warning"] = "error"
    feature: str | None = None
    follows: str | None = None


class DeploymentError(Exception):
    """The deployment does not fit; nothing was started."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(in_order(faults))
        super().__init__(render(self.faults))


def in_order(faults: Iterable[Fault]) -> list[Fault]:
    """Sort faults: errors first, root causes before what follows from them."""
    return sorted(set(faults), key=_rank)


def render(faults: Iterable[Fault]) -> str:
    """Write faults as plain text, one block each, in the order given."""
    told = list(faults)
    return "\n".join("\n".join(lines_of(fault, told)) for fault in told)


def lines_of(fault: Fault, among: Iterable[Fault] = ()) -> list[str]:
    """Write one fault: its head, and the lines below.

    Args:
        fault: To be written.
        among: All that is told with it: what it follows from is looked for there.
    """
    lines = fault.what.splitlines()
    if causes := [cause.code for cause in among if _is_cause(cause, fault)]:
        lines.append(f"follows from {', '.join(dict.fromkeys(causes))} of {fault.follows}")
    lines += f"fix: {fault.fix}".splitlines()
    return [f"{fault.severity}[{fault.code}] {fault.where}", *(f"    {line}" for line in lines)]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `` Did you mean '…'?`` for the nearest of *known*, or nothing."""
    close = get_close_matches(word, list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def _is_cause(cause: Fault, fault: Fault) -> bool:
    return cause.follows is None and cause.feature in (fault.follows or "").split(", ")


def _rank(fault: Fault) -> tuple[bool, bool, int, str, str, str]:
    if fault.code in _ROOT_CAUSES:
        place = _ROOT_CAUSES.index(fault.code)
    else:
        place = len(_ROOT_CAUSES) + _GROUPS.index(fault.code[:2])
    told_last = (fault.severity == "warning", fault.follows is not None)
    return (*told_last, place, fault.code, fault.where, fault.what)
