"""Check the files in a wheel and an sdist against the sources.

Other tools check less: check-wheel-contents accepts ``.env`` and ``tests/``, and hatchling silently
omits files that git ignores.
"""

import fnmatch
import tarfile
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from importlib.metadata import EntryPoints, PathDistribution
from pathlib import Path, PurePosixPath

from mercato_dev.distributions import Distribution

# What an sdist has at its root; hatchling adds WRITTEN.
ROOTS = {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "src", "tests"}
WRITTEN = {"PKG-INFO", ".gitignore"}
NEEDED = ROOTS - {"src", "tests"} | {"PKG-INFO"}

STRAY = {"tests", "test", "node_modules"}
SECRET = ("*.pem", "*.key", "*.p12", "*.pfx", "id_rsa*", "id_ed25519*", "*.sqlite*", "*.db")
LEFT_OVER = ("__pycache__", "*.pyc", "*.pyo", "*.orig", "*.rej", "*.bak", "*.log", "*~")


def faults_of_wheel(item: Distribution, wheel: Path) -> Iterator[str]:
    """Find files that are missing in the wheel of *item*, changed, or do not belong there."""
    sources = files_below(item.source)
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
        entry_points = PathDistribution(zipfile.Path(opened, f"{metadata_of(item)}/")).entry_points
        copies = {name: opened.read(name) for name in sources.intersection(names)}
    inside = {name for name in names if not name.startswith(f"{metadata_of(item)}/")}
    for name, times in Counter(names).items():
        if times > 1:
            yield f"{name} is in the wheel {times} times"
    for name in sorted(sources - inside):
        yield f"{name} is not in the wheel: git ignores it, or the build omits it"
    for name in sorted(inside - sources):
        yield f"{name} is in the wheel, but not below {item.source.name}"
    for name in sorted(inside):
        # A template may contain tests, in deeper folders.
        if is_unwanted(name) or STRAY.intersection(PurePosixPath(name).parts[:2]):
            yield f"{name} does not belong in a wheel"
    yield from faults_of_copies(item.source, copies, "wheel")
    yield from missing_parts(item, inside, entry_points)


def metadata_of(item: Distribution) -> str:
    """Return the name of the folder with the metadata in a wheel."""
    return f"{item.stem}.dist-info"


def missing_parts(
    item: Distribution, inside: Collection[str], entry_points: EntryPoints
) -> Iterator[str]:
    """Find missing parts that every distribution must have, and that a feature must have."""
    if f"{item.module}/py.typed" not in inside:
        yield f"{item.module}/py.typed is missing: type checkers would ignore the types"
    for point in entry_points:
        module = point.module.replace(".", "/")
        if not {f"{module}.py", f"{module}/__init__.py"} & set(inside):
            yield f"the entry point {point.name!r} of {point.group} names a module that is missing"
    if not item.is_feature:
        return
    feature = item.short.replace("-", "_")
    if feature not in entry_points.select(group="mercato.features").names:
        yield f"no entry point of mercato.features is called {feature!r}, as its folder is"
    migrations = PurePosixPath(item.module, "migrations/versions")
    has_tables = {f"{item.module}/models.py", f"{item.module}/models/__init__.py"} & set(inside)
    if has_tables and not any(PurePosixPath(name).parent == migrations for name in inside):
        yield f"{migrations} is missing or empty: the feature would have no tables"


def faults_of_sdist(item: Distribution, sdist: Path) -> Iterator[str]:
    """Find files that are missing in the sdist of *item*, changed, or do not belong there."""
    inside: dict[str, bytes] = {}
    with tarfile.open(sdist) as opened:
        for member in opened:
            top, _, name = member.name.partition("/")
            if top != item.stem or ".." in member.name.split("/"):
                yield f"{member.name} is outside of {item.stem}/"
            elif not member.isreg() and not member.isdir():
                yield f"{name} is a link or a device, not a plain file"
            elif content := opened.extractfile(member):
                inside[name] = content.read()
    for name in sorted(NEEDED - inside.keys()):
        yield f"{name} is not in the sdist"
    yield from faults_of_members(item, inside)
    yield from faults_of_folders(item, inside)


def faults_of_members(item: Distribution, inside: Mapping[str, bytes]) -> Iterator[str]:
    """Find files of an sdist that do not belong there, or differ from the sources."""
    copies = {name: content for name, content in inside.items() if name not in WRITTEN}
    for name in sorted(copies):
        if is_unwanted(name) or PurePosixPath(name).parts[0] not in ROOTS:
            yield f"{name} does not belong in an sdist"
        elif not (item.folder / name).is_file():
            yield f"{name} is in the sdist, but not among the sources"
    yield from faults_of_copies(item.folder, copies, "sdist")


def faults_of_copies(root: Path, copies: Mapping[str, bytes], kind: str) -> Iterator[str]:
    """Find published files that differ from the sources, or that the sources only link to.

    Args:
        root: The folder of the sources.
        copies: The content of each published file, by name.
        kind: ``wheel`` or ``sdist``.
    """
    for name, content in sorted(copies.items()):
        original = root / name
        if original.resolve() != root.resolve() / name:
            yield f"{name} is a link: its target would be published"
        elif original.is_file() and original.read_bytes() != content:
            yield f"{name} in the {kind} differs from the source"


def faults_of_folders(item: Distribution, inside: Collection[str]) -> Iterator[str]:
    """Find sources and tests that an sdist lacks, except tests that pyproject.toml excludes."""
    built = item.settings.get("tool", {}).get("hatch", {}).get("build", {})
    excluded = built.get("targets", {}).get("sdist", {}).get("exclude", [])
    for folder in ("src", "tests"):
        for name in sorted(f"{folder}/{file}" for file in files_below(item.folder / folder)):
            left_out = any(f"/{name}".startswith(f"{pattern}/") for pattern in excluded)
            if name not in inside and not left_out:
                yield f"{name} is not in the sdist: git ignores it, or the build omits it"
    if not any(fnmatch.fnmatch(name, "tests/*test_*.py") for name in inside):
        yield "no test is in the sdist: compatibility with later versions could not be tested"


def files_below(folder: Path) -> set[str]:
    """Return the relative paths of the files below *folder*, without bytecode."""
    files = (file for file in folder.rglob("*") if file.is_file() or file.is_symlink())
    return {
        file.relative_to(folder).as_posix() for file in files if "__pycache__" not in file.parts
    }


def is_unwanted(name: str) -> bool:
    """Return whether a file is hidden, a secret, or left over by a tool."""
    parts = PurePosixPath(name).parts
    hidden = {part for part in parts if part.startswith(".")} - {".gitkeep"}
    return bool(hidden) or any(
        fnmatch.fnmatch(part, pattern) for part in parts for pattern in (*SECRET, *LEFT_OVER)
    )
