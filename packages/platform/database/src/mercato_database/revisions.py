"""Read the number, phase and requirements of migrations without running them."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

EXPAND = "expand"
CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class Revision:
    """One migration.

    Args:
        number: The revision: a number, or Alembic's hash.
        file: The path of the module.
        follows: The revisions that it follows: none for the first, several for a merge.
        phase: ``expand``: the previous wheel still runs after the migration. ``contract``: the
            migration removes what the previous wheel uses.
        requires: Revisions of other features that must be applied first, by feature.
        summary: The first line of the module's docstring.
    """

    number: str
    file: Path
    follows: tuple[str, ...] = ()
    phase: str = EXPAND
    requires: Mapping[str, str] = field(default_factory=dict)
    summary: str = ""

    @property
    def contracts(self) -> bool:
        """Whether the previous wheel stops working; an unknown phase counts as contracting."""
        return self.phase != EXPAND


def read(versions: Path) -> list[Revision]:
    """Read the migrations of a folder, each behind those that it follows, else by file name.

    Any Python file that has a ``revision`` is one. One with a syntax error counts, too, and fails
    when it is run.
    """
    files = sorted(versions.glob("*.py"))
    found = [one for file in files if (one := _read(file, file.stat().st_mtime_ns))]
    return list(_in_order(found))


def heads(revisions: Sequence[Revision]) -> list[Revision]:
    """Return the revisions that no other one follows."""
    followed = {before for revision in revisions for before in revision.follows}
    return [revision for revision in revisions if revision.number not in followed]


def forks(revisions: Sequence[Revision]) -> Iterator[tuple[Revision, Revision]]:
    """Find two revisions with the same number, or two newest ones."""
    numbers: dict[str, Revision] = {}
    for revision in revisions:
        twin = numbers.setdefault(revision.number, revision)
        if twin is not revision:
            yield twin, revision
    newest = heads(list(numbers.values()))
    yield from ((newest[0], other) for other in newest[1:])


def _in_order(revisions: Sequence[Revision]) -> Iterator[Revision]:
    waiting = list(revisions)
    numbers = {revision.number for revision in revisions}
    passed: set[str] = set()
    while waiting:
        unpassed = numbers - passed
        # In a ring, which Alembic refuses, none is ready.
        ready = next((one for one in waiting if unpassed.isdisjoint(one.follows)), waiting[0])
        waiting.remove(ready)
        passed.add(ready.number)
        yield ready


# The time of the last change is part of the cache key, so an edited file is read again.
@lru_cache(maxsize=4096)
def _read(file: Path, _changed_at: int) -> Revision | None:
    prefix = file.stem.partition("_")[0]
    try:
        module = ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError):
        return Revision(prefix, file, (str(file),)) if prefix else None
    constants = dict(_constants(module))
    if not isinstance(constants.get("revision"), str):
        return None
    before, requires = constants.get("down_revision") or (), constants.get("requires") or {}
    return Revision(
        number=constants["revision"],
        file=file,
        follows=(before,) if isinstance(before, str) else tuple(before),
        phase=str(constants.get("phase", EXPAND)),
        requires=requires if isinstance(requires, dict) else {},
        summary=(ast.get_docstring(module) or "").partition("\n")[0],
    )


def _constants(module: ast.Module) -> Iterator[tuple[str, Any]]:
    for statement in module.body:
        if isinstance(statement, ast.Assign):
            targets, value = statement.targets, statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            targets, value = [statement.target], statement.value
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name) and target.id in (
                "revision",
                "down_revision",
                "phase",
                "requires",
            ):
                try:
                    yield target.id, ast.literal_eval(value)
                except ValueError:
                    # The value is computed when the migration runs: keep its source text.
                    yield target.id, ast.unparse(value)
