"""Plans as text, for a person who decides."""

from collections.abc import Iterable, Iterator

from mercato_installer.inside import Step
from mercato_installer.plan import Plan

_GAP = "   "
_WIDTH = 160
"""Where a line of a plan is continued on the next."""

_MOST_ADDED = 20
"""How many packages a first release lists by name."""


def lines_of(plan: Plan) -> list[str]:
    """Return the lines of a plan, without the last: see :func:`way_back`."""
    release = f"{plan.release.before} -> {plan.release.after}"
    if plan.release.before is None:
        release = f"{plan.release.after}, the first"
    name = plan.deployment.rpartition("/")[2]
    return [
        f"{name} ({plan.environment}): release {release}",
        *_section("file", map(str, plan.file), "no change"),
        *_section("packages", _packages(plan), ""),
        *_section("database", _database(plan), "no change"),
    ]


def way_back(plan: Plan) -> str:
    """Return the line about a rollback."""
    if plan.release.before is None:
        return "  back      there is no older release."
    return "  back      `mercato rollback` will work: nothing is taken away."


def finish_lines(name: str, environment: str, number: int, steps: Iterable[Step]) -> list[str]:
    """Return the lines of ``deploy --finish``, without the last."""
    items = [f"{it.feature} {one.revision} {one.phase}" for it in steps for one in it.migrations]
    return [f"{name} ({environment}): finish release {number}", *_section("database", items, "")]


def finish_way_back(number: int) -> str:
    """Return the line about a rollback after ``deploy --finish``."""
    return (
        f"  back      `mercato rollback` to a release before {number} will be refused, and servers "
        "of an older release fail."
    )


def _section(name: str, items: Iterable[str], otherwise: str) -> Iterator[str]:
    """Lay out items on lines of at most 160 characters; a longer item has a line of its own."""
    label, line = f"  {name:<10}", ""
    for item in [*items] or [otherwise]:
        if line and len(label) + len(line) + len(_GAP) + len(item) > _WIDTH:
            yield f"{label}{line}"
            label, line = " " * 12, ""
        line = f"{line}{_GAP}{item}" if line else item
    yield f"{label}{line}"


def _packages(plan: Plan) -> Iterator[str]:
    packages = plan.packages
    megabytes = f"{packages.bytes / 1_000_000:.1f} MB"
    if plan.release.before is None and len(packages.changes) > _MOST_ADDED:
        yield f"+ {len(packages.changes)} packages"
    else:
        yield from map(str, packages.changes)
    yield f"({packages.equal} equal; {megabytes})"
    if plan.routes is not None:
        yield f"routes + {len(plan.routes.added)} - {len(plan.routes.removed)}"


def _database(plan: Plan) -> Iterator[str]:
    for step in plan.database.steps:
        now = [one for one in step.migrations if not one.waits]
        later = [one.revision for one in step.migrations if one.waits]
        if now and step.before is None:
            yield f"{step.feature} {now[-1].revision}"
        elif now:
            phases = dict.fromkeys(one.phase for one in now)
            yield f"{step.feature} {step.before} -> {now[-1].revision} {', '.join(phases)}"
        if later:
            yield f"{step.feature} {', '.join(later)} waits for `mercato deploy --finish`"
    for kept in plan.database.kept:
        yield f"{kept.feature}: {kept.rows} {'row is' if kept.rows == 1 else 'rows are'} kept"
