"""Write wheels for tests, from files in memory or from installed distributions."""

import base64
import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import Distribution, distribution
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

Contents = Mapping[str, str | bytes]
"""The files in a wheel, by path."""


def write_wheel(
    folder: Path,
    name: str,
    version: str,
    files: Contents,
    *,
    requires: Sequence[str] = (),
    entry_points: Mapping[str, Mapping[str, str]] | None = None,
    tag: str = "py3-none-any",
    more: Sequence[str] = (),
) -> Path:
    """Write a wheel of *files* with valid metadata.

    Args:
        folder: The folder for the wheel.
        name: The name of the distribution.
        version: Its version.
        files: The files besides the metadata.
        requires: Its requirements.
        entry_points: Object references by name, by group.
        tag: Its compatibility tag.
        more: More lines of metadata, e.g. ``Requires-Python: >=3.11``.
    """
    stem = f"{canonicalize_name(name).replace('-', '_')}-{version}"
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    metadata += [*more, *(f"Requires-Dist: {requirement}" for requirement in requires)]
    wheel = ["Wheel-Version: 1.0", "Generator: mercato", "Root-Is-Purelib: true", f"Tag: {tag}"]
    inside = dict(files)
    inside[f"{stem}.dist-info/METADATA"] = "\n".join([*metadata, ""])
    inside[f"{stem}.dist-info/WHEEL"] = "\n".join([*wheel, ""])
    if entry_points:
        inside[f"{stem}.dist-info/entry_points.txt"] = "".join(
            f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in references.items())
            for group, references in entry_points.items()
        )
    return _pack(folder / f"{stem}-{tag}.whl", f"{stem}.dist-info", inside)


def pack_installed(folder: Path, name: str) -> Path:
    """Write the wheel of an installed distribution; of an editable one, from its sources."""
    found = distribution(name)
    info = Path(str(found.locate_file(""))) / Path(str(getattr(found, "_path", ""))).name
    kept = ("METADATA", "WHEEL", "entry_points.txt")
    inside: dict[str, str | bytes] = {
        f"{info.name}/{file}": (info / file).read_bytes() for file in kept if (info / file).exists()
    }
    inside |= dict(_installed_files(found, info.name))
    tags = [line.partition(":")[2].strip() for line in _lines(info / "WHEEL", "Tag:")]
    stem = info.name.removesuffix(".dist-info")
    return _pack(folder / f"{stem}-{_one_tag(tags)}.whl", info.name, inside)


def closure(*names: str) -> list[str]:
    """Return the names of installed distributions and of all that they require."""
    found: dict[str, None] = {}
    waiting = [Requirement(name) for name in names]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        new = [extra for extra in ("", *requirement.extras) if f"{name}[{extra}]" not in found]
        found |= {f"{name}[{extra}]": None for extra in new}
        for text in distribution(name).requires or ():
            needed = Requirement(text)
            if any(_is_needed(needed, extra) for extra in new):
                waiting.append(needed)
    return sorted({name.partition("[")[0] for name in found})


def _is_needed(requirement: Requirement, extra: str) -> bool:
    marker = requirement.marker
    return marker is None or marker.evaluate({"extra": extra})


def _installed_files(found: Distribution, info: str) -> Iterator[tuple[str, bytes]]:
    origin = json.loads(found.read_text("direct_url.json") or "{}")
    if origin.get("dir_info", {}).get("editable"):
        yield from _source_files(found.name)
        return
    commands = {entry.name for entry in found.entry_points}
    for file in found.files or ():
        top = file.parts[0]
        if file.parent.name == "bin" and top == ".." and file.name not in commands:
            program = f"{info.removesuffix('.dist-info')}.data/scripts/{file.name}"
            yield program, Path(str(file.locate())).read_bytes()
        if top not in ("..", info) and "__pycache__" not in file.parts:
            yield file.as_posix(), Path(str(file.locate())).read_bytes()


def _source_files(name: str) -> Iterator[tuple[str, bytes]]:
    spec = find_spec(name.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise LookupError(f"{name} has no package of its name")
    package = Path(spec.origin).parent
    for file in sorted(package.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            yield file.relative_to(package.parent).as_posix(), file.read_bytes()


def _pack(wheel: Path, info: str, inside: Contents) -> Path:
    record = f"{info}/RECORD"
    lines = [_recorded(path, content) for path, content in inside.items()]
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in inside.items():
            archive.writestr(zipfile.ZipInfo(path), content)
        archive.writestr(zipfile.ZipInfo(record), "\n".join([*lines, f"{record},,", ""]))
    return wheel


def _recorded(path: str, content: str | bytes) -> str:
    data = content.encode() if isinstance(content, str) else content
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(data)}"


def _lines(file: Path, start: str) -> list[str]:
    return [line for line in file.read_text().splitlines() if line.startswith(start)]


def _one_tag(tags: Sequence[str]) -> str:
    """Compress tags as the name of a wheel does: ``py2.py3-none-any``."""
    parts = [tag.split("-") for tag in tags]
    return "-".join(".".join(sorted({part[place] for part in parts})) for place in range(3))
