"""Compare two snapshots, and find the version bump that each difference needs.

A snapshot is a tree of things (mappings, by name) and facts (other values); a list has the names
of things without facts. A removal and a change are major, and so is a new fact. A new thing is
minor unless it is ``required``, because then others must act. :data:`RULES` has the exceptions.
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
    """A difference between two trees; ``str()`` is one line.

    Args:
        path: The names that lead to it.
        kind: ``gone``, ``new`` or ``changed``.
        old: The value before.
        new: The value after.
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
        """The bump that it needs."""
        place = "".join(f"{name}\t" for name in self.path)
        for kinds, pattern, level in RULES:
            if self.kind in kinds.split() and re.fullmatch(compiled(pattern), place):
                return level if isinstance(level, Level) else level(self)
        is_thing = isinstance(self.new, dict | list) and "required" not in self.new
        return Level.MINOR if self.kind == "new" and is_thing else Level.MAJOR


def compare(old: Any, new: Any, path: tuple[str, ...] = ()) -> Iterator[Difference]:
    """Find the differences between two trees, each at its outermost place."""
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
    """Convert a list to things without facts."""
    return {json.dumps(name): {} for name in part} if isinstance(part, list) else part


def looser(one: Difference) -> Level:
    """Return the level of a changed bound or size: minor if it now allows more."""
    is_lower = one.path[-1].lower().startswith(("min", "exclusivemin"))
    is_more = one.kind == "gone" or (one.kind == "changed" and (one.new < one.old) is is_lower)
    return Level.MINOR if is_more else Level.MAJOR


def wider(one: Difference) -> Level:
    """Return the level of a changed range: minor if it still has every version of the old one."""
    is_wider = SpecifierSet(one.new).is_superset(SpecifierSet(one.old))
    return Level.MINOR if is_wider else Level.MAJOR


def newer(one: Difference) -> Level:
    """Return the level of a contract's changed version: minor if it is newer with equal major."""
    old, new = Version(one.old), Version(one.new)
    return Level.MINOR if old < new and old.major == new.major else Level.MAJOR


def compiled(pattern: str) -> str:
    """Convert a pattern of :data:`RULES` to a regular expression for names that end with tabs."""
    names = {"*": r"[^\t]*\t", "**": r"(?:[^\t]*\t)*"}
    return "".join(names.get(name, rf"(?:{name})\t") for name in pattern.split(" > "))


READ = r"http > ** > responses .*|read"
LISTS = "additionalProperties|allOf|anyOf|choices|enum|items|oneOf|schema|type"
BOUND = r"(exclusiveM|m)(in|ax)imum|(min|max)(Items|Length|Properties)?"
EVERY = "gone new changed"

# Kinds of a difference; the path to it, in which ** stands for any number of names, * for one name,
# and anything else is a regular expression; and the level. The first rule that matches applies.
RULES: tuple[tuple[str, str, Level | Callable[[Difference], Level]], ...] = (
    # Clients read the code of a refusal.
    ("gone", r"http > operations > * > responses ([45]\d\d|default)", Level.MINOR),
    ("changed", "http > operations > * > operationId", Level.MINOR),
    ("new", "http > ** > deprecated", Level.MINOR),
    ("gone", "http > ** > deprecated", Level.PATCH),
    # A new type breaks a reader. Readers must accept new values of an enum.
    ("new", f"{READ} > ** > anyOf|oneOf|type > *", Level.MAJOR),
    ("new", f'{READ} > ** > enum > "null"', Level.MAJOR),
    ("gone", f"{READ} > ** > enum|type > *", Level.MINOR),
    ("new", f"{READ} > ** > always", Level.MINOR),
    (EVERY, f"{READ} > ** > {BOUND}", Level.MINOR),
    (EVERY, f"{READ} > ** > default", Level.PATCH),
    # Whatever referred to it has changed, too.
    ("gone", "http > components > * > *", Level.PATCH),
    # Without a list, everything was allowed.
    ("new", f"http|manifest > ** > {LISTS}", Level.MAJOR),
    ("new", "http|manifest > ** > allOf > *", Level.MAJOR),
    # Accepting less breaks a sender.
    ("gone", "http|manifest|python|tables > * > * > ** > required", Level.MINOR),
    (EVERY, f"http|manifest > * > * > ** > {BOUND}", looser),
    ("gone new", "http > ** > default", Level.MINOR),
    # Operators can set the old default.
    (EVERY, "manifest > settings > * > ** > default", Level.MINOR),
    ("new", "manifest > commands > * > * > multiple", Level.MINOR),
    ("gone", "manifest > needs|uses|excludes > *", Level.MINOR),
    ("changed", "manifest > needs|uses > *", wider),
    ("changed", "manifest > offers|decorates > * > version", newer),
    ("gone", "manifest > offers|decorates|expansions > * > when", Level.MINOR),
    ("gone", "manifest > handles|jobs > *", Level.PATCH),
    (EVERY, "manifest > handles|jobs > * > * > **", Level.PATCH),
    (EVERY, "tables > * > * > bits|length", looser),
    (EVERY, "tables > * > * > default", Level.PATCH),
    ("gone", "tables > * > laws|indexes > *", Level.MINOR),
    # An installer with an older Python keeps the previous release.
    ("changed", "metadata > requires_python", Level.MINOR),
    # Whether a changed type or value breaks a caller depends on its use, so reviewers see it.
    ("new", "python > ** > type|returns", Level.PATCH),
    ("changed", "python > ** > default|type|returns|value", Level.MINOR),
    ("new", "python > ** > default", Level.MINOR),
)
