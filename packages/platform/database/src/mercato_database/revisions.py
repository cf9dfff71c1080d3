"""What a migration says about itself, read without running it."""

import ast
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from functools import lru_cache
from pathlib import Path
from typing import Any

EXPAND = "expand"
CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class Revision:
    """One migration.

    Args:
        number: What the file name starts with.
        file: The module.
        before: The revision that it follows; None for the first.
        phase: ``expand``: the wheel before it runs on the tables after it. ``contract``: it takes
            away what that wheel still uses.
        requires: Revisions of other features that must have been applied, by feature.
        summary: The first line of its docstring.
    """

    number: str
    file: Path
    before: str | None = None
    phase: str = EXPAND
    requires: Mapping[str, str] = field(default_factory=dict)
    summary: str = ""

    @property
    def contracts(self) -> bool:
        """Whether the wheel before it stops working. What is no known phase does, to be safe."""
        return self.phase != EXPAND


@dataclass(frozen=True, slots=True)
class Fork:
    """Two migrations of one history where there may be one."""

    first: Path
    second: Path


def files_in(versions: Path) -> list[Path]:
    """Return the migrations of a folder, oldest first."""
    return sorted(versions.glob("[0-9]*_*.py"))


def number_of(file: Path) -> str:
    """Return the revision that a file name starts with."""
    return file.name.partition("_")[0]


def read(file: Path) -> Revision:
    """Read what a migration says about itself. A broken one says nothing, and fails when run."""
    return _read(file, file.stat().st_mtime_ns)


def forks(revisions: Iterable[Revision]) -> Iterator[Fork]:
    """Find revisions with one number, and revisions that follow the same one."""
    numbers: dict[str, Revision] = {}
    followers: dict[str | None, Revision] = {}
    for revision in revisions:
        twin = numbers.setdefault(revision.number, revision)
        rival = followers.setdefault(revision.before, revision)
        if twin is not revision:
            yield Fork(twin.file, revision.file)
        elif rival is not revision:
            yield Fork(rival.file, revision.file)


@lru_cache(maxsize=4096)
def _read(file: Path, _changed_at: int) -> Revision:
    try:
        module = ast.parse(file.read_text())
    except (SyntaxError, ValueError):
        return Revision(number_of(file), file, before=str(file))
    said = dict(_constants(module))
    requires = said.get("requires") or {}
    return Revision(
        number=number_of(file),
        file=file,
        before=said.get("down_revision"),
        phase=str(said.get("phase", EXPAND)),
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
                    # Worked out when it runs: what it comes to is known only then.
                    yield target.id, ast.unparse(value)
