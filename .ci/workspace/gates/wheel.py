"""What the wheel of a distribution has against a release."""

import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath

from workspace.distributions import Distribution

STRAY = {"tests", "test", "node_modules"}


def faults_of_wheel(item: Distribution) -> Iterator[str]:
    """Find what is in the wheel and should not be, and the reverse."""
    files = (file for file in item.source.rglob("*") if file.is_file())
    sources = {file.relative_to(item.source).as_posix() for file in files}
    sources = {file for file in sources if "__pycache__" not in file}
    with zipfile.ZipFile(item.wheel) as wheel:
        inside = {name for name in wheel.namelist() if not is_metadata(item, name)}
    for name in sorted(sources - inside):
        yield f"{name} is not in the wheel: git ignores it, or the build leaves it out"
    for name in sorted(inside - sources):
        yield f"{name} is in the wheel, but not below {item.source.name}"
    for name in sorted(inside):
        if is_stray(name):
            yield f"{name} has no place in a wheel"
    yield from missing_parts(item, inside)


def is_metadata(item: Distribution, name: str) -> bool:
    """Tell whether a file of a wheel is written by the build."""
    return name.startswith(f"{item.module}-{item.project['version']}.dist-info/")


def is_stray(name: str) -> bool:
    """Tell whether a file is for developers, or a secret of theirs.

    Deeper down, tests may be a template's.
    """
    parts = PurePosixPath(name).parts
    hidden = {part for part in parts if part.startswith(".")} - {".gitkeep"}
    return bool(hidden or STRAY.intersection(parts[:2]))


def missing_parts(item: Distribution, inside: set[str]) -> Iterator[str]:
    """Find what each distribution must have, and what a feature must."""
    if f"{item.module}/py.typed" not in inside:
        yield f"{item.module}/py.typed is missing: nobody would see the types"
    if not item.is_feature:
        return
    reference = item.project["entry-points"]["mercato.features"].get(item.short, "")
    module = reference.partition(":")[0].replace(".", "/")
    if not {f"{module}.py", f"{module}/__init__.py"} & inside:
        yield f"the entry point {item.short!r} of mercato.features names no module of the wheel"
    migrations = PurePosixPath(item.module, "migrations/versions")
    if not any(PurePosixPath(name).parent == migrations for name in inside):
        yield f"{migrations} is missing or empty: the feature would have no tables"
