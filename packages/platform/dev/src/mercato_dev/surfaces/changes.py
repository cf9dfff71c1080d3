"""Find what a distribution changed of what it and its users show since its last release."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from mercato_dev.distributions import DISTRIBUTIONS, Distribution
from mercato_dev.history import Release, git
from mercato_dev.levels import Reason
from mercato_dev.surfaces.difference import Difference, compare, named
from mercato_dev.surfaces.snapshots import FILE, read_snapshot


def find_changes(item: Distribution, last: Release) -> list[Reason]:
    """Return what *item* changed since its release *last*, each change once."""
    found = [one for shown in shown_by(item) for one in changes_of(item, shown, last.tag)]
    reasons = [Reason(one.level, one.path[0], str(one)) for one in found]
    return list(dict.fromkeys(reasons))


def shown_by(item: Distribution) -> list[Distribution]:
    """Return the distributions whose snapshots *item* may change: itself, and features on it."""
    features = [one for one in DISTRIBUTIONS if one.is_feature and not item.is_feature]
    return [item, *features]


def changes_of(item: Distribution, shown: Distribution, since: str) -> Iterator[Difference]:
    """Find the differences in the snapshot of *shown* that *item* caused and that still exist.

    *item* causes the difference between two snapshots if its code changed between them. So a
    snapshot that was committed too late still counts for the right distribution.
    """
    first, last = read_snapshot(shown, since), read_snapshot(shown)
    if shown == item and not (first and last):
        raise LookupError(f"{since} or this tree has no {FILE} of {item.name}: `nox -s surface`")
    path = str(shown.folder / FILE)
    commits = git("log", "--first-parent", "--reverse", "--format=%H", f"{since}..", "--", path)
    sources = [str(item.source), str(item.pyproject)]
    for before, after in pairwise([since, *commits, ""]):
        if git("diff", "--name-only", *filter(None, (before, after)), "--", *sources):
            old, new = (own(read_snapshot(shown, one), item) for one in (before, after))
            for one in compare(old, new):
                if first and at(first, one.path) != at(last, one.path):
                    yield one


def own(snapshot: dict[str, Any], item: Distribution) -> dict[str, Any]:
    """Return the parts of a snapshot that *item* may change: of others, not metadata and Python."""
    others = () if snapshot.get("name") == item.name else ("metadata", "name", "python")
    return {part: tree for part, tree in snapshot.items() if part not in others}


def at(tree: Any, path: tuple[str, ...]) -> Any:
    """Return the value at the end of a path; None if there is none."""
    for name in path:
        tree = named(tree).get(name) if isinstance(tree, dict | list) else None
    return tree
