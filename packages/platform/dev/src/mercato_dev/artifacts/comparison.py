"""Compare two files of the same name by their content."""

import tarfile
import zipfile
import zlib
from pathlib import Path

# Errors of a truncated file, or of another kind of file.
UNREADABLE = (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, zlib.error)


def differences(one: Path, other: Path) -> list[str]:
    """Return the files that differ between two wheels or sdists; none for identical bytes."""
    if one.read_bytes() == other.read_bytes():
        return []
    try:
        before, after = read_files(one), read_files(other)
    except UNREADABLE:
        return ["one of them is incomplete"]
    names = sorted(before.keys() | after.keys())
    differing = [name for name in names if before.get(name) != after.get(name)]
    return differing or ["only the way they are packed"]


def read_files(file: Path) -> dict[str, bytes]:
    """Return the files in a wheel or sdist, by name."""
    if file.suffix == ".whl":
        with zipfile.ZipFile(file) as opened:
            return {name: opened.read(name) for name in opened.namelist()}
    with tarfile.open(file) as packed:
        files = {member.name: packed.extractfile(member) for member in packed}
        return {name: content.read() for name, content in files.items() if content}
