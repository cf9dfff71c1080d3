"""The releases of a deployment: its file and its lock, each time that they became current."""

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from mercato_composition.deployment.places import Places
from mercato_installer.environments import Environment, link, write

KEPT = 5
"""The releases that are kept, with their environments, besides the current one."""

_ENVIRONMENT = re.compile("[0-9a-f]{12}")
"""The name of an environment; see :attr:`mercato_composition.deployment.lock.Lock.name`."""

_NOTHING: Mapping[str, str] = {}


class Heads(msgspec.Struct, frozen=True):
    """The revision of each feature's tables, before and after a deploy; empty if not asked."""

    before: Mapping[str, str] = _NOTHING
    after: Mapping[str, str] = _NOTHING


class Record(msgspec.Struct, frozen=True):
    """``release.json``: when a release was made (ISO 8601, UTC), and its environment's name."""

    time: str
    environment: str
    heads: Heads = Heads()


@dataclass(frozen=True)
class Release:
    """A folder with the deployment file, the lock and ``release.json`` of a release."""

    folder: Path
    places: Places

    @property
    def number(self) -> int:
        """1 for the first release."""
        return int(self.folder.name)

    @property
    def file(self) -> Path:
        """Its deployment file."""
        return self.folder / self.places.file.name

    @property
    def lock(self) -> Path:
        """Its lock."""
        return self.folder / self.places.lock.name

    @property
    def record(self) -> Record:
        """What ``release.json`` says."""
        return msgspec.json.decode((self.folder / "release.json").read_bytes(), type=Record)

    @property
    def environment(self) -> Environment:
        """The environment of its lock."""
        return Environment(self.places.environments / self.record.environment)


@dataclass(frozen=True)
class Releases:
    """All releases of one deployment file."""

    places: Places

    @property
    def folder(self) -> Path:
        """``environments/releases``; ``environments/releases.staging`` for ``staging.toml``."""
        name = self.places.current.name.replace("current", "releases", 1)
        return self.places.environments / name

    @property
    def draft(self) -> Release:
        """The release that is being made. Commands in the new environment use its file and lock."""
        return Release(self.folder / "next", self.places)

    def all(self) -> list[Release]:
        """Return the releases, the oldest first."""
        found = [Release(path.parent, self.places) for path in self.folder.glob("*/release.json")]
        numbered = [one for one in found if one.folder.name.isdecimal()]
        return sorted(numbered, key=lambda one: one.number)

    def get(self, number: int) -> Release | None:
        """Return a release by its number; None if there is none, or it is no longer kept."""
        return next((one for one in self.all() if one.number == number), None)

    def current(self) -> Release | None:
        """Return the current release; None before the first."""
        try:
            target = (self.folder / "current").readlink()
        except FileNotFoundError:
            return None
        return self.get(int(target.name))

    def before(self, release: Release) -> Release | None:
        """Return the newest release that is older than *release*."""
        older = [one for one in self.all() if one.number < release.number]
        return older[-1] if older else None

    @property
    def following(self) -> int:
        """The number of the next release."""
        found = self.all()
        return found[-1].number + 1 if found else 1

    def stage(self, file: bytes, lock: bytes) -> Release:
        """Write the draft."""
        draft = self.draft
        shutil.rmtree(draft.folder, ignore_errors=True)
        draft.folder.mkdir(parents=True)
        write(draft.file, file, mode_of(self.places.file))
        write(draft.lock, lock)
        return draft

    def publish(self, number: int, environment: Environment, heads: Heads) -> Release:
        """Make the draft the release *number*, in one step. A second call changes nothing."""
        release = Release(self.folder / f"{number:04d}", self.places)
        if not release.folder.exists():
            now = datetime.now(UTC).isoformat(timespec="seconds")
            self.note(self.draft, Record(now, environment.name, heads))
            self.draft.folder.rename(release.folder)
        return release

    @staticmethod
    def note(release: Release, record: Record) -> None:
        """Write ``release.json``."""
        content = msgspec.json.format(msgspec.json.encode(record))
        write(release.folder / "release.json", content)

    def switch(self, release: Release) -> None:
        """Make *release* the current one, with its environment."""
        link(self.places.current, release.environment.name)
        link(self.folder / "current", release.folder.name)

    def prune(self) -> None:
        """Remove releases before the newest five, and the environments that no release uses."""
        used = self.current()
        for release in self.all()[:-KEPT]:
            if used is None or release.number != used.number:
                shutil.rmtree(release.folder)
        kept = set(self._environments_in_use())
        for folder in self.places.environments.iterdir():
            if _ENVIRONMENT.fullmatch(folder.name) and folder.name not in kept:
                # Without its lock it counts as incomplete, should this be interrupted.
                Environment(folder).lock.unlink(missing_ok=True)
                shutil.rmtree(folder)

    def _environments_in_use(self) -> Iterator[str]:
        """Give the environments of all deployment files that share the folder."""
        root = self.places.environments
        yield from (path.readlink().name for path in root.glob("current*") if path.is_symlink())
        for path in root.glob("releases*/*/release.json"):
            yield Release(path.parent, self.places).record.environment
        # The environment that runs this command.
        yield Path(os.path.realpath(sys.prefix)).name


def mode_of(file: Path) -> int:
    """Return the permissions of a file: those of its copies."""
    return file.stat().st_mode & 0o777 if file.exists() else 0o644
