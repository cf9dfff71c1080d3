"""Faults as JSON has them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypeVar, get_type_hints

from mercato_composition.faults import Command, Edit, Fault, Fix, Outside, Place, Variable
from mercato_composition.faults.codes import codes

_KINDS: Mapping[str, type[Fix]] = {
    "edit": Edit,
    "command": Command,
    "variable": Variable,
    "outside": Outside,
}

T = TypeVar("T")


def as_document(fault: Fault) -> dict[str, Any]:
    """Return a fault as a JSON object."""
    return {
        "key": fault.key,
        "code": fault.code,
        "severity": fault.severity,
        "title": codes()[fault.code].title,
        "where": fault.where,
        "place": asdict(fault.place),
        "what": fault.what.splitlines(),
        "fixes": [_fix_document(fix) for fix in fault.fixes],
        "feature": fault.feature,
        "follows": list(fault.follows),
        "assumes": fault.assumes,
        "accepted": fault.accepted,
        "mark": fault.mark,
    }


def from_document(document: Mapping[str, Any]) -> Fault:
    """Return the fault that :func:`as_document` wrote, perhaps one of a newer release."""
    return Fault(
        code=document["code"],
        place=_made(Place, document["place"]),
        what="\n".join(document["what"]),
        fixes=tuple(_fix_of(fix) for fix in document["fixes"]),
        severity=document["severity"],
        feature=document.get("feature"),
        follows=tuple(document.get("follows", ())),
        assumes=document.get("assumes"),
        accepted=document.get("accepted"),
        mark=document.get("mark", ""),
    )


def _fix_document(fix: Fix) -> dict[str, Any]:
    kind = next(name for name, one in _KINDS.items() if isinstance(fix, one))
    return {"kind": kind, **asdict(fix), "text": fix.text}


def _fix_of(document: Mapping[str, Any]) -> Fix:
    """Return a fix. A command is printed as the command that reads it was begun."""
    return _made(_KINDS.get(document["kind"], Outside), document)


def _made(kind: type[T], document: Mapping[str, Any]) -> T:
    """Return an instance of a dataclass; members that it does not know are ignored."""
    known = {name: document[name] for name in get_type_hints(kind) if name in document}
    return kind(**{name: _tuples(value) for name, value in known.items()})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
