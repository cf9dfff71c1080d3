"""Faults of a deployment, and how they are printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Literal

from mercato_composition.faults.fixes import (
    Certainty,
    Command,
    Edit,
    Fix,
    Outside,
    Variable,
    mercato,
)
from mercato_composition.faults.places import Place

__all__ = [
    "Certainty",
    "Command",
    "DeploymentError",
    "Edit",
    "Fault",
    "Fix",
    "Outside",
    "Place",
    "Severity",
    "Variable",
    "did_you_mean",
    "in_order",
    "lines_of",
    "mercato",
    "nearest",
    "render",
]

Severity = Literal["error", "warning"]

_UNREAD = frozenset({"K100", "K102"})
"""Codes of what cannot be read, which may cause any other fault."""

_UNLOADED = frozenset("K101 K103 K104 K105 K106 K107 K115 K116 K117 K118 K126 K129 K505".split())
"""Codes of what keeps a feature from being loaded."""

_GROUPS = ("K1", "K4", "K3", "K5")
"""The order of the codes behind those."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake in a deployment.

    Args:
        code: K1xx composition, K2xx settings, K3xx data, K4xx clashes, K5xx run time; one of
            :func:`mercato_composition.faults.codes.codes`.
        place: Where it is.
        what: What is wrong; one or more lines.
        fixes: What to do about it: each of them ends it.
        severity: An error prevents the start; a warning does not.
        feature: The feature that cannot be composed because of this fault.
        follows: Names of the features whose faults cause this one.
        assumes: What was assumed to find it, if that is not sure.
        cause: The error that it was found by, for ``--trace``.
        accepted: The rule of production that ``[accept]`` names, so that this is a warning.
        mark: What tells it from another fault of this code at the same place.
    """

    code: str
    place: Place
    what: str
    fixes: tuple[Fix, ...] = ()
    severity: Severity = "error"
    feature: str | None = None
    follows: tuple[str, ...] = ()
    assumes: str | None = None
    cause: BaseException | None = field(default=None, repr=False, compare=False)
    accepted: str | None = None
    mark: str = ""

    @property
    def key(self) -> str:
        """Code and place, the same in every run: ``K202@server.port``."""
        place = self.place.key
        mark = f"#{self.mark}" if self.mark else ""
        return f"{self.code}@{place}{mark}" if place else f"{self.code}{mark}"

    @property
    def where(self) -> str:
        """The place, as messages show it."""
        return str(self.place)

    @property
    def fix(self) -> str:
        """The fixes, as messages show them: one, then another; or one of several."""
        text = ""
        for before, fix in zip((None, *self.fixes), self.fixes, strict=False):
            is_next = before and before.certainty == "sure" and fix.certainty != "choice"
            text += f"\n{'then' if is_next else 'or'}: {fix.text}" if before else fix.text
        return text


class DeploymentError(Exception):
    """The deployment has faults; nothing was started."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(in_order(faults))
        super().__init__(render(self.faults))


def in_order(faults: Iterable[Fault]) -> list[Fault]:
    """Sort faults: errors first, causes before their consequences, then by line.

    Faults of one place with one code and one fix become one.
    """
    merged: dict[tuple[object, ...], Fault] = {}
    for fault in sorted(set(faults), key=_rank):
        same = (fault.code, fault.place, fault.mark, fault.severity, fault.fixes)
        first = merged.setdefault(same, fault)
        if first is not fault:
            said = dict.fromkeys([*first.what.split("\n"), *fault.what.split("\n")])
            merged[same] = replace(first, what="\n".join(said))
    return list(merged.values())


def render(faults: Iterable[Fault]) -> str:
    """Format faults as plain text, one block each, in the order given."""
    faults = list(faults)
    return "\n".join("\n".join(lines_of(fault, faults)) for fault in faults)


def lines_of(fault: Fault, among: Iterable[Fault] = ()) -> list[str]:
    """Format one fault: a head line, then indented lines.

    Args:
        fault: The fault to format.
        among: All faults printed with it; its causes are looked up there.
    """
    first, *rest = fault.what.splitlines()
    lines = [*fault.place.above(first), *rest]
    if fault.assumes:
        lines.append(f"assumed: {fault.assumes}")
    causes = [cause for cause in among if _is_cause(cause, fault)]
    if causes:
        codes = ", ".join(dict.fromkeys(cause.code for cause in causes))
        lines.append(f"follows from {codes} of {', '.join(fault.follows)}")
    lines += f"fix: {fault.fix}".splitlines() if fault.fixes else []
    return [f"{fault.severity}[{fault.code}] {fault.where}", *(f"    {line}" for line in lines)]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `` Did you mean '…'?`` with the nearest of *known*; empty if none is near."""
    close = nearest(word, known)
    return f" Did you mean {close!r}?" if close else ""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the one of *known* that *word* begins, or differs from in case or a few letters."""
    names, start = list(known), word.lower()
    same = [name for name in names if name.lower() == start]
    begun = [name for name in names if name.lower().startswith(start)]
    found = same or (begun if len(begun) == 1 and len(word) > 2 else [])
    return next(iter(found or get_close_matches(word, names, n=1)), None)


def _is_cause(cause: Fault, fault: Fault) -> bool:
    return not cause.follows and cause.feature in fault.follows


def _rank(fault: Fault) -> tuple[object, ...]:
    place = fault.place
    line, column = place.line or 0, place.column or 0
    comes_last = (fault.severity == "warning", bool(fault.follows))
    return (*comes_last, _group(fault), line, column, fault.code, fault.key, fault.what)


def _group(fault: Fault) -> int:
    is_setting = fault.code.startswith("K2")
    is_of_feature = fault.feature is not None or fault.place.path[:1] == ("features",)
    if fault.code in _UNREAD:
        return 0
    if is_setting:
        return 3 if is_of_feature else 1
    return 2 if fault.code in _UNLOADED else 4 + _GROUPS.index(fault.code[:2])
