"""Read the number, phase and requirements of migrations without running them."""

import ast
from collections.abc import Iterable, Iterator, Mapping
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
        number: The revision number: the start of the file name.
        file: The path of the module.
        before: The revision that it follows; None for the first.
        phase: ``expand``: the previous wheel still runs after the migration. ``contract``: the
            migration removes what the previous wheel uses.
        requires: Revisions of other features that must be applied first, by feature.
        summary: The first line of the module's docstring.
    """

    number: str
    file: Path
    before: str | None = None
    phase: str = EXPAND
    requires: Mapping[str, str] = field(default_factory=dict)
    summary: str = ""

    @property
    def contracts(self) -> bool:
        """Whether the previous wheel stops working; an unknown phase counts as contracting."""
        return self.phase != EXPAND


def files_in(versions: Path) -> list[Path]:
    """Return the migrations of a folder, oldest first."""
    return sorted(versions.glob("[0-9]*_*.py"))


def number_of(file: Path) -> str:
    """Return the revision that a file name starts with."""
    return file.name.partition("_")[0]


def read(file: Path) -> Revision:
    """Read a migration; one with a syntax error gets defaults, and fails when it is run."""
    return _read(file, file.stat().st_mtime_ns)


def forks(revisions: Iterable[Revision]) -> Iterator[tuple[Path, Path]]:
    """Find the files of two revisions with the same number, or after the same one."""
    numbers: dict[str, Revision] = {}
    followers: dict[str | None, Revision] = {}
    for revision in revisions:
        twin = numbers.setdefault(revision.number, revision)
        rival = followers.setdefault(revision.before, revision)
        if twin is not revision:
            yield twin.file, revision.file
        elif rival is not revision:
            yield rival.file, revision.file


# The time of the last change is part of the cache key, so an edited file is read again.
@lru_cache(maxsize=4096)
def _read(file: Path, _changed_at: int) -> Revision:
    try:
        module = ast.parse(file.read_text())
    except (SyntaxError, ValueError):
        return Revision(number_of(file), file, before=str(file))
    constants = dict(_constants(module))
    requires = constants.get("requires") or {}
    return Revision(
        number=number_of(file),
        file=file,
        before=constants.get("down_revision"),
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
                "down_revision",
                "phase",
                "requires",
            ):
                try:
                    yield target.id, ast.literal_eval(value)
                except ValueError:
                    # The value is computed when the migration runs: keep its source text.
                    yield target.id, ast.unparse(value)
