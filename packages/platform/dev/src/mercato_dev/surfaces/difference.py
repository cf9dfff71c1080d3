"""How two snapshots differ, and how much of a version each difference needs.

A snapshot is a tree of named things (mappings) and facts (anything else); a list names things that
say nothing more. What is gone or changed is major, and so is a new fact; a new thing is minor,
unless it is ``required``: then others must do something. The exceptions are :data:`RULES`.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from mercato_dev.levels import Level


@dataclass(frozen=True)
class Difference:
    """A difference of two trees; ``str()`` says it in one line.

    Args:
        path: The names that lead to it.
        kind: ``gone``, ``new`` or ``changed``.
        old: What was there.
        new: What is there.
    """

    path: tuple[str, ...]
    kind: str
    old: Any = None
    new: Any = None

    def __str__(self) -> str:
        what = f"was {self.old}, is {self.new}" if self.kind == "changed" else f"is {self.kind}"
        return f"{' > '.join(self.path[1:] or self.path)} {what}"

    @property
    def level(self) -> Level:
        """How much of a version it needs."""
        place = "".join(f"{name}\t" for name in self.path)
        for kinds, pattern, level in RULES:
            if self.kind in kinds.split() and re.fullmatch(compiled(pattern), place):
                return level if isinstance(level, Level) else level(self)
        is_thing = isinstance(self.new, dict | list) and "required" not in self.new
        return Level.MINOR if self.kind == "new" and is_thing else Level.MAJOR


def compare(old: Any, new: Any, path: tuple[str, ...] = ()) -> Iterator[Difference]:
    """Find the differences of two trees, each at the outermost place."""
    old, new = named(old), named(new)
    if not (isinstance(old, dict) and isinstance(new, dict)):
        if old != new:
            yield Difference(path, "changed", old, new)
        return
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield Difference((*path, name), "gone", old=old[name])
        elif name not in old:
            yield Difference((*path, name), "new", new=new[name])
        else:
            yield from compare(old[name], new[name], (*path, name))


def named(part: Any) -> Any:
    """Take a list for things that say nothing more."""
    return {json.dumps(name): {} for name in part} if isinstance(part, list) else part


def looser(one: Difference) -> Level:
    """Say what another bound or size needs: minor where it allows more, or there is none now."""
    is_lower = one.path[-1].lower().startswith(("min", "exclusivemin"))
    is_more = one.kind == "gone" or (one.kind == "changed" and (one.new < one.old) is is_lower)
    return Level.MINOR if is_more else Level.MAJOR


def wider(one: Difference) -> Level:
    """Say what another range of versions needs: minor where all that would do still does."""
    is_wider = SpecifierSet(one.new).is_superset(SpecifierSet(one.old))
    return Level.MINOR if is_wider else Level.MAJOR


def newer(one: Difference) -> Level:
    """Say what another version of a contract needs: minor where it is a newer one of its kind."""
    old, new = Version(one.old), Version(one.new)
    return Level.MINOR if old < new and old.major == new.major else Level.MAJOR


def compiled(pattern: str) -> str:
    """Write a pattern of :data:`RULES` as a regular expression for names that end with tabs."""
    names = {"*": r"[^\t]*\t", "**": r"(?:[^\t]*\t)*"}
    return "".join(names.get(name, rf"(?:{name})\t") for name in pattern.split(" > "))


READ = r"http > ** > responses .*|read"
LISTS = "additionalProperties|allOf|anyOf|choices|enum|items|oneOf|schema|type"
BOUND = r"(exclusiveM|m)(in|ax)imum|(min|max)(Items|Length|Properties)?"
EVERY = "gone new changed"

# The kinds of a difference; the names that lead to it, where ** is any number of names, * is one,
# and any other a regular expression; and what it needs. The first that fits counts.
RULES: tuple[tuple[str, str, Level | Callable[[Difference], Level]], ...] = (
    # Clients read the code of a refusal.
    ("gone", r"http > operations > * > responses ([45]\d\d|default)", Level.MINOR),
    ("changed", "http > operations > * > operationId", Level.MINOR),
    ("new", "http > ** > deprecated", Level.MINOR),
    ("gone", "http > ** > deprecated", Level.PATCH),
    # Who reads is hurt when more can come, but must bear words that are new.
    ("new", f"{READ} > ** > anyOf|oneOf|type > *", Level.MAJOR),
    ("new", f'{READ} > ** > enum > "null"', Level.MAJOR),
    ("gone", f"{READ} > ** > enum|type > *", Level.MINOR),
    ("new", f"{READ} > ** > always", Level.MINOR),
    (EVERY, f"{READ} > ** > {BOUND}", Level.MINOR),
    (EVERY, f"{READ} > ** > default", Level.PATCH),
    # What referred to it has changed, too.
    ("gone", "http > components > * > *", Level.PATCH),
    # Where nothing was listed, everything was allowed.
    ("new", f"http|manifest > ** > {LISTS}", Level.MAJOR),
    ("new", "http|manifest > ** > allOf > *", Level.MAJOR),
    # Who sends is hurt when less is taken.
    ("gone", "http|manifest|python|tables > * > * > ** > required", Level.MINOR),
    (EVERY, f"http|manifest > * > * > ** > {BOUND}", looser),
    ("gone new", "http > ** > default", Level.MINOR),
    # Operators see a default before it counts, and can keep the old one.
    (EVERY, "manifest > settings > * > ** > default", Level.MINOR),
    ("new", "manifest > commands > * > * > multiple", Level.MINOR),
    ("gone", "manifest > needs|excludes > *", Level.MINOR),
    ("changed", "manifest > needs > *", wider),
    ("changed", "manifest > offers > * > version", newer),
    ("gone", "manifest > offers > * > when", Level.MINOR),
    ("gone", "manifest > handles|jobs > *", Level.PATCH),
    (EVERY, "manifest > handles|jobs > * > * > **", Level.PATCH),
    (EVERY, "tables > * > * > bits|length", looser),
    (EVERY, "tables > * > * > default", Level.PATCH),
    ("gone", "tables > * > laws|indexes > *", Level.MINOR),
    # An installer that cannot take a release keeps the one before.
    ("changed", "metadata > requires_python", Level.MINOR),
    # Whether another type or value breaks a caller depends on its use, so a reviewer sees it.
    ("new", "python > ** > type|returns", Level.PATCH),
    ("changed", "python > ** > default|type|returns|value", Level.MINOR),
    ("new", "python > ** > default", Level.MINOR),
)
