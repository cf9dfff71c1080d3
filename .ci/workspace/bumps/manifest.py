"""How the manifests of two releases differ, for operators, other features and their handlers.

Settings and commands are values that somebody sends to us, so they are compared as schemas are.
What another wheel may ask for (a permission, a topic, a contract) must stay; what this one asks
for may only become less.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from workspace.bumps.changes import SENT
from workspace.bumps.levels import Level
from workspace.bumps.levels import Reason
from workspace.bumps.schemas import Comparison

Manifest = Mapping[str, Any]
Found = Iterator[tuple[Level, str]]

SET = replace(SENT, name="set", other_default=Level.MINOR)
"""Of values that operators set: they see a default before it counts, and can keep the old one."""

PROMISES = {
    "features": "feature",
    "permissions": "permission",
    "publishes": "published event",
    "referents": "ids of",
    "refusals": "refusal",
    "abilities": "ability",
}
"""What others may rely on, as the document and as people call it."""

WORK = {"handles": "handler", "jobs": "job"}
"""What only the worker sees."""


def compare_manifests(before: Manifest, after: Manifest) -> Iterator[Reason]:
    """Say how two manifests differ, as they were described."""
    for level, what in _differences(before, after):
        yield Reason(level, "manifest", what)


def _differences(before: Manifest, after: Manifest) -> Found:
    for key, kind in PROMISES.items():
        yield from _promises(kind, before[key], after[key])
    yield from _values("setting", before["settings"], after["settings"])
    yield from _commands(before["commands"], after["commands"])
    yield from _needs(before["needs"], after["needs"])
    yield from _offers(before["offers"], after["offers"])
    for name in sorted({*after["excludes"]} - {*before["excludes"]}):
        yield Level.MAJOR, f"cannot run beside {name} any more"
    for name in sorted({*before["excludes"]} - {*after["excludes"]}):
        yield Level.MINOR, f"can run beside {name} now"
    for key, kind in WORK.items():
        yield from _work(kind, before[key], after[key])


def _promises(kind: str, old: Sequence[str], new: Sequence[str]) -> Found:
    for name in sorted({*old} - {*new}):
        yield Level.MAJOR, f"{kind} {name} is gone"
    for name in sorted({*new} - {*old}):
        yield Level.MINOR, f"{kind} {name} is new"


def _values(kind: str, old: Manifest, new: Manifest) -> Found:
    """Compare what is set by name."""
    comparison = Comparison(old.get("components", {}), new.get("components", {}), SET)
    for change in comparison.compare(old["schema"], new["schema"]):
        yield change.level, f"{kind} {change.place.path} {change.what}"


def _commands(old: Mapping[str, Manifest], new: Mapping[str, Manifest]) -> Found:
    yield from _promises("command", [*old], [*new])
    for name in sorted(old.keys() & new.keys()):
        yield from _values(f"command {name}:", {"schema": old[name]}, {"schema": new[name]})


def _needs(old: Mapping[str, str], new: Mapping[str, str]) -> Found:
    for contract in sorted(new.keys() - old.keys()):
        yield Level.MAJOR, f"needs {contract} {new[contract]} now"
    for contract in sorted(old.keys() - new.keys()):
        yield Level.MINOR, f"needs {contract} no more"
    for contract in sorted(old.keys() & new.keys()):
        was, becomes = old[contract], new[contract]
        what = f"needs {contract} {becomes} now; it was {was}"
        if not SpecifierSet(becomes).is_superset(SpecifierSet(was)):
            yield Level.MAJOR, what
        elif was != becomes:
            yield Level.MINOR, what


def _offers(old: Mapping[str, Manifest], new: Mapping[str, Manifest]) -> Found:
    yield from _promises("offered contract", [*old], [*new])
    for contract in sorted(old.keys() & new.keys()):
        was, becomes = (Version(one[contract]["version"]) for one in (old, new))
        if was != becomes:
            level = Level.MAJOR if becomes < was or becomes.major > was.major else Level.MINOR
            yield level, f"offers {contract} {becomes} now; it was {was}"
        yield from _conditions(f"offers {contract}", old[contract]["when"], new[contract]["when"])


def _conditions(what: str, old: Sequence[str], new: Sequence[str]) -> Found:
    if more := sorted({*new} - {*old}):
        yield Level.MAJOR, f"{what} only beside {', '.join(more)} now"
    elif {*new} != {*old}:
        yield Level.MINOR, f"{what} under fewer conditions now"


def _work(kind: str, old: Mapping[str, Manifest], new: Mapping[str, Manifest]) -> Found:
    for name in sorted(new.keys() - old.keys()):
        yield Level.MINOR, f"{kind} {name} is new"
    for name in sorted(old.keys() - new.keys()):
        yield Level.PATCH, f"{kind} {name} is gone"
    for name in sorted(old.keys() & new.keys()):
        if old[name] != new[name]:
            yield Level.PATCH, f"{kind} {name} works in another way"
