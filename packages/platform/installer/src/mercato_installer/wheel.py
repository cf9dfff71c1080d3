"""Read the metadata and the hashes of a wheel without unpacking it."""

import csv
import hashlib
import mmap
import re
import stat
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path
from typing import NoReturn

from installer.records import InvalidRecordEntry, parse_record_file
from installer.sources import WheelFile
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

_LARGEST_BYTES = 1 << 30
"""The most bytes that a wheel may unpack to."""

_LARGEST_RATIO = 100
"""The most bytes that a wheel may unpack to for each of its own. Real ones have 3 to 10."""

_SMALL_BYTES = 1 << 20
"""A wheel that unpacks to fewer bytes may have any ratio."""

_MOST_ENTRIES = 50_000

_ENTRY = re.compile(rb"PK\x01\x02")
"""How each entry of an archive's directory starts."""

_CHUNK_BYTES = 1 << 20


class UnreadableWheelError(Exception):
    """A file is not a wheel, or not the one that its name says."""


@dataclass(frozen=True)
class Wheel:
    """The metadata and the files of a wheel.

    Args:
        path: The file.
        name: The normalised name of the distribution.
        version: Its version.
        info: The name of its ``.dist-info`` folder.
        members: The SHA-256 of each file in it, by path.
        entry_points: Its entry points.
        defects: What is wrong with its archive or its RECORD, one sentence each.
    """

    path: Path
    name: str
    version: str
    info: str
    members: Mapping[str, str]
    entry_points: Sequence[EntryPoint]
    defects: Sequence[str]

    @property
    def release(self) -> str:
        """The name and version, as messages show them."""
        return f"{self.name} {self.version}"

    @property
    def tops(self) -> Mapping[str, set[str]]:
        """Its files by top-level folder or file, without those of the metadata."""
        found: dict[str, set[str]] = {}
        for member in self.members:
            top = member.partition("/")[0]
            if top != self.info:
                found.setdefault(top, set()).add(member)
        return found

    @property
    def programs(self) -> Mapping[str, str]:
        """Its files that are installed beside the interpreter, by the name they get there."""
        folder = f"{self.info.removesuffix('.dist-info')}.data/scripts/"
        return {
            member.removeprefix(folder): member
            for member in self.members
            if member.startswith(folder)
        }

    def offered(self, *groups: str) -> list[EntryPoint]:
        """Return its entry points in these groups."""
        return [entry for entry in self.entry_points if entry.group in groups]


def read_wheel(path: Path) -> Wheel:
    """Read a wheel without writing or running any of it.

    Raises:
        UnreadableWheelError: The file is not a wheel, or not the one that its name says.
    """
    try:
        name, version, _, _ = parse_wheel_filename(path.name)
        _bound_entries(path)
        with zipfile.ZipFile(path) as archive:
            _bound_bytes(path, archive.infolist())
            metadata = _Metadata(archive, _info_of(archive, name, version))
            _check_metadata(metadata, name, version)
            defects = list(_bad_entries(archive.infolist()))
            members = _digests(archive)
            if not defects:
                # The library that reads RECORD expects safe paths.
                defects += _bad_record(archive, metadata.info, members)
            entry_points = tuple(metadata.entry_points)
    except (InvalidWheelFilename, InvalidVersion, zipfile.BadZipFile) as error:
        raise UnreadableWheelError(f"it is not a wheel: {error}") from error
    except (KeyError, ValueError, NotImplementedError, RuntimeError) as error:
        # zipfile raises the last two for encrypted archives and unknown compression methods.
        raise UnreadableWheelError(f"it cannot be read: {error}") from error
    return Wheel(path, name, str(version), metadata.info, members, entry_points, tuple(defects))


def _bound_entries(path: Path) -> None:
    """Count the entries of an archive before its directory is read: each takes memory."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if sum(1 for _ in _ENTRY.finditer(content)) > _MOST_ENTRIES:
            raise UnreadableWheelError(f"it has more than {_MOST_ENTRIES} entries")


def _bound_bytes(path: Path, entries: Sequence[zipfile.ZipInfo]) -> None:
    """Add up what the archive unpacks to before any of it is; zipfile reads no more than this."""
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > _LARGEST_BYTES:
        raise UnreadableWheelError(f"it unpacks to more than {_LARGEST_BYTES >> 20} MiB")
    if unpacked > max(_SMALL_BYTES, _LARGEST_RATIO * path.stat().st_size):
        raise UnreadableWheelError(f"it unpacks to more than {_LARGEST_RATIO} times its size")


class _Metadata(Distribution):
    """The metadata in a wheel, parsed as Python parses that of an installed distribution."""

    def __init__(self, archive: zipfile.ZipFile, info: str) -> None:
        self._archive = archive
        self.info = info

    def read_text(self, filename: str) -> str | None:
        try:
            return self._archive.read(f"{self.info}/{filename}").decode()
        except KeyError:
            return None

    def locate_file(self, path: object) -> NoReturn:
        raise FileNotFoundError(path)


def _info_of(archive: zipfile.ZipFile, name: str, version: Version) -> str:
    found = {
        top
        for top, slash, _ in (entry.partition("/") for entry in archive.namelist())
        if slash and top.lower().endswith((".dist-info", ".egg-info"))
    }
    if len(found) != 1:
        names = ", ".join(sorted(found)) or "none"
        raise UnreadableWheelError(f"it must have one metadata folder; found: {names}")
    info = found.pop()
    info_name, _, info_version = info.removesuffix(".dist-info").partition("-")
    if canonicalize_name(info_name) != name or Version(info_version) != version:
        raise UnreadableWheelError(f"its metadata folder {info} has another name or version")
    return info


def _check_metadata(metadata: _Metadata, name: str, version: Version) -> None:
    if metadata.read_text("METADATA") is None:
        raise UnreadableWheelError("it has no METADATA")
    # Not metadata["…"]: from Python 3.12 on, it warns if the field is absent.
    found = [(metadata.metadata.get_all(field) or [""])[0] for field in ("Name", "Version")]
    if canonicalize_name(found[0]) != name or Version(found[1]) != version:
        raise UnreadableWheelError(f"its METADATA is that of {' '.join(found)}")


def _bad_entries(entries: Sequence[zipfile.ZipInfo]) -> Iterator[str]:
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename
        parts = name.removesuffix("/").split("/")
        if "\\" in name or not name.isprintable() or {"", ".", ".."} & {*parts}:
            yield f"it has an unsafe path: {name!r}"
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            yield f"it has a link or a device: {name}"
        # Some file systems do not distinguish upper and lower case.
        if name.casefold() in seen:
            yield f"it has a file twice: {name}"
        seen.add(name.casefold())


def _digests(archive: zipfile.ZipFile) -> dict[str, str]:
    found = {}
    for entry in archive.infolist():
        if not entry.is_dir():
            digest = hashlib.sha256()
            with archive.open(entry) as content:
                while chunk := content.read(_CHUNK_BYTES):
                    digest.update(chunk)
            found[entry.filename] = digest.hexdigest()
    return found


def _bad_record(archive: zipfile.ZipFile, info: str, members: Mapping[str, str]) -> Iterator[str]:
    """Compare RECORD, the wheel's list of files, with the files."""
    try:
        record = archive.read(f"{info}/RECORD").decode().splitlines()
        rows = {path: digest for path, digest, _ in parse_record_file(record)}
    except (KeyError, csv.Error, InvalidRecordEntry) as error:
        yield f"its RECORD cannot be read: {error}"
        return
    # The library accepts any hash algorithm, and does not report listed files that are missing.
    weak = [path for path, digest in rows.items() if digest and not digest.startswith("sha256=")]
    yield from (f"its RECORD has no SHA-256 of {path}" for path in sorted(weak))
    yield from (
        f"its RECORD lists a missing file: {path}" for path in sorted(rows.keys() - members.keys())
    )
    try:
        WheelFile(archive).validate_record(validate_contents=not weak)
    except ValueError as error:
        issues = getattr(error, "issues", [str(error)])
        yield from (issue.removeprefix(f"In {archive.filename}, ") for issue in issues)
