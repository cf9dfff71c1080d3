"""How two files of the same name differ: by what is inside of them."""

import tarfile
import zipfile
import zlib
from pathlib import Path

# What is said of a file that was cut off, or is none of ours.
UNREADABLE = (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, zlib.error)


def differences(one: Path, other: Path) -> list[str]:
    """Name what differs between two wheels, or two sdists; nothing if they are the same bytes."""
    if one.read_bytes() == other.read_bytes():
        return []
    try:
        before, after = read_files(one), read_files(other)
    except UNREADABLE:
        return ["one of them is not whole"]
    names = sorted(before.keys() | after.keys())
    differing = [name for name in names if before.get(name) != after.get(name)]
    return differing or ["nothing but the way they are packed"]


def read_files(file: Path) -> dict[str, bytes]:
    """Read what is inside a wheel or an sdist, by name."""
    if file.suffix == ".whl":
        with zipfile.ZipFile(file) as opened:
            return {name: opened.read(name) for name in opened.namelist()}
    with tarfile.open(file) as packed:
        files = {member.name: packed.extractfile(member) for member in packed}
        return {name: content.read() for name, content in files.items() if content}
