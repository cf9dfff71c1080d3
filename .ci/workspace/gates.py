"""What blocks the release of a distribution and can be seen without running it."""

import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from workspace.distributions import DISTRIBUTIONS
from workspace.distributions import Distribution
from workspace.history import find_releases
from workspace.history import git

CEILINGS = ("<", "<=", "==", "~=")
STRAY = {"tests", "test", "node_modules"}


def find_faults(item: Distribution) -> Iterator[str]:
    """Say everything that keeps *item* from being released as it is."""
    yield from faults_of_tree(item)
    yield from faults_of_requirements(item)
    yield from faults_of_wheel(item)


def faults_of_tree(item: Distribution) -> Iterator[str]:
    """Find what is not committed, a version that was released, and migrations edited since."""
    for line in git("status", "--porcelain", "--", str(item.folder)):
        yield f"not committed: {line[3:]}"
    tags = [release.tag for release in find_releases(item)]
    version = f"{item.short}-v{item.project['version']}"
    if version in tags and git("diff", "--name-only", version, "--", str(item.folder)):
        yield f"{version} was released already, and something changed since: raise the version"
    migrations = str(item.source / item.module / "migrations/versions")
    changed = ["diff", "--name-only", "--no-renames", "--diff-filter=a"]
    for tag in tags[:1]:
        for file in git(*changed, tag, "--", migrations):
            yield f"{file} was released with {tag}, and is not what it was: write a new migration"


def faults_of_requirements(item: Distribution) -> Iterator[str]:
    """Find requirements that an index would not take, or that nothing limits."""
    ours = {one.name for one in DISTRIBUTIONS} - {item.name}
    extras = item.project.get("optional-dependencies", {}).values()
    declared = [*item.project.get("dependencies", []), *(one for some in extras for one in some)]
    for requirement in map(Requirement, declared):
        operators = {one.operator for one in requirement.specifier}
        if requirement.url:
            yield f"{requirement} is a direct URL"
        elif canonicalize_name(requirement.name) in ours and operators.isdisjoint(CEILINGS):
            yield f"{requirement} has no ceiling, and the next major version may be anything"


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
