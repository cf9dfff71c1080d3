"""What is inside the files that are published, and what must not be.

Others check less: check-wheel-contents lets ``.env`` and ``tests/`` pass, and hatchling drops what
git ignores in silence.
"""

import fnmatch
import tarfile
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from importlib.metadata import EntryPoints, PathDistribution
from pathlib import Path, PurePosixPath

from mercato_dev.distributions import Distribution

# What an sdist holds at its root; hatchling adds the last two by itself.
ROOTS = {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "src", "tests"}
WRITTEN = {"PKG-INFO", ".gitignore"}
NEEDED = ROOTS - {"src", "tests"} | {"PKG-INFO"}

STRAY = {"tests", "test", "node_modules"}
SECRET = ("*.pem", "*.key", "*.p12", "*.pfx", "id_rsa*", "id_ed25519*", "*.sqlite*", "*.db")
LEFT_OVER = ("__pycache__", "*.pyc", "*.pyo", "*.orig", "*.rej", "*.bak", "*.log", "*~")


def faults_of_wheel(item: Distribution, wheel: Path) -> Iterator[str]:
    """Find what is in a wheel and should not be, and the reverse.

    Args:
        item: The sources that it was built from.
        wheel: The wheel.
    """
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
        yield f"{name} is not in the wheel: git ignores it, or the build leaves it out"
    for name in sorted(inside - sources):
        yield f"{name} is in the wheel, but not below {item.source.name}"
    for name in sorted(inside):
        # Deeper down, tests may be a template's.
        if is_unwanted(name) or STRAY.intersection(PurePosixPath(name).parts[:2]):
            yield f"{name} has no place in a wheel"
    yield from faults_of_copies(item.source, copies, "wheel")
    yield from missing_parts(item, inside, entry_points)


def metadata_of(item: Distribution) -> str:
    """Name the folder of a wheel that the build writes by itself."""
    return f"{item.stem}.dist-info"


def missing_parts(
    item: Distribution, inside: Collection[str], entry_points: EntryPoints
) -> Iterator[str]:
    """Find what each distribution must have, and what a feature must."""
    if f"{item.module}/py.typed" not in inside:
        yield f"{item.module}/py.typed is missing: nobody would see the types"
    for point in entry_points:
        module = point.module.replace(".", "/")
        if not {f"{module}.py", f"{module}/__init__.py"} & set(inside):
            yield f"the entry point {point.name!r} of {point.group} names no module of the wheel"
    if not item.is_feature:
        return
    if item.short not in entry_points.select(group="mercato.features").names:
        yield f"no entry point of mercato.features is called {item.short!r}, as its folder is"
    migrations = PurePosixPath(item.module, "migrations/versions")
    if not any(PurePosixPath(name).parent == migrations for name in inside):
        yield f"{migrations} is missing or empty: the feature would have no tables"


def faults_of_sdist(item: Distribution, sdist: Path) -> Iterator[str]:
    """Find what is in an sdist and should not be, and the reverse.

    Args:
        item: The sources that it was built from.
        sdist: The sdist.
    """
    inside: dict[str, bytes] = {}
    with tarfile.open(sdist) as opened:
        for member in opened:
            top, _, name = member.name.partition("/")
            if top != item.stem or ".." in member.name.split("/"):
                yield f"{member.name} is outside of {item.stem}/"
            elif not member.isreg() and not member.isdir():
                yield f"{name} is no plain file, but a link or a device"
            elif content := opened.extractfile(member):
                inside[name] = content.read()
    for name in sorted(NEEDED - inside.keys()):
        yield f"{name} is not in the sdist"
    yield from faults_of_members(item, inside)
    yield from faults_of_folders(item, inside)


def faults_of_members(item: Distribution, inside: dict[str, bytes]) -> Iterator[str]:
    """Find files of an sdist that are not those of the sources, or are meant for nobody else."""
    copies = {}
    for name, content in sorted(inside.items()):
        if name in WRITTEN:
            continue
        if is_unwanted(name) or PurePosixPath(name).parts[0] not in ROOTS:
            yield f"{name} has no place in an sdist"
        elif not (item.folder / name).is_file():
            yield f"{name} is in the sdist, but not among the sources"
        else:
            copies[name] = content
    yield from faults_of_copies(item.folder, copies, "sdist")


def faults_of_copies(root: Path, copies: Mapping[str, bytes], kind: str) -> Iterator[str]:
    """Find files that are not what they are below *root*, or come from somewhere else.

    Args:
        root: The sources.
        copies: What is published of them, by name.
        kind: What holds the copies.
    """
    for name, content in sorted(copies.items()):
        original = root / name
        if original.resolve() != root.resolve() / name:
            yield f"{name} is a link: what it leads to would be published"
        elif original.read_bytes() != content:
            yield f"{name} is not in the {kind} what it is among the sources"


def faults_of_folders(item: Distribution, inside: Collection[str]) -> Iterator[str]:
    """Find what an sdist lacks of the sources and the tests; of the tests, some may be excluded."""
    built = item.settings.get("tool", {}).get("hatch", {}).get("build", {})
    excluded = built.get("targets", {}).get("sdist", {}).get("exclude", [])
    for folder in ("src", "tests"):
        for name in sorted(f"{folder}/{file}" for file in files_below(item.folder / folder)):
            left_out = any(f"/{name}".startswith(f"{pattern}/") for pattern in excluded)
            if name not in inside and not left_out:
                yield f"{name} is not in the sdist: git ignores it, or the build leaves it out"
    if not any(fnmatch.fnmatch(name, "tests/*test_*.py") for name in inside):
        yield "no test is in the sdist: nobody could tell whether a later host breaks it"


def files_below(folder: Path) -> set[str]:
    """Name the files below *folder*, seen from it, without the bytecode that running leaves."""
    files = (file for file in folder.rglob("*") if file.is_file() or file.is_symlink())
    return {
        file.relative_to(folder).as_posix() for file in files if "__pycache__" not in file.parts
    }


def is_unwanted(name: str) -> bool:
    """Tell whether a file is hidden, a secret, or left over by a tool."""
    parts = PurePosixPath(name).parts
    hidden = {part for part in parts if part.startswith(".")} - {".gitkeep"}
    return bool(hidden) or any(
        fnmatch.fnmatch(part, pattern) for part in parts for pattern in (*SECRET, *LEFT_OVER)
    )
