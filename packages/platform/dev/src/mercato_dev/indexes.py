"""Read package indexes, and serve the one of this workspace on loopback."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import nox
from packaging.version import InvalidVersion, Version

from mercato_dev.distributions import PROGRAMS, ROOT
from mercato_dev.environments import PLAIN, run_tool, toolbox
from mercato_dev.index import serve_index

LOCAL = ROOT / "var/index"


@dataclass(frozen=True)
class Index:
    """The URLs of an index.

    Args:
        url: The simple API, which installers use.
        upload: Where uploads go; None if they are not wanted.
        is_ours: Whether it is the index of this workspace, which accepts any credentials.
    """

    url: str
    upload: str | None = None
    is_ours: bool = False


@dataclass(frozen=True)
class PublishedFile:
    """A file in an index."""

    name: str
    sha256: str | None
    requires_python: str | None
    yanked: bool

    @property
    def is_sdist(self) -> bool:
        """Whether it is an sdist, which includes the tests."""
        return self.name.endswith(".tar.gz")


@dataclass(frozen=True)
class Published:
    """One version of a distribution in an index."""

    version: Version
    files: tuple[PublishedFile, ...]

    @property
    def yanked(self) -> bool:
        """Whether it is yanked: installers use it only if it is named exactly."""
        return all(file.yanked for file in self.files)


def chosen_index(session: nox.Session) -> AbstractContextManager[Index]:
    """Return the index in ``MERCATO_INDEX``, else that of this workspace."""
    url = os.environ.get("MERCATO_INDEX")
    return nullcontext(Index(url)) if url else serving(session)


@contextmanager
def serving(session: nox.Session, folder: Path = LOCAL) -> Iterator[Index]:
    """Serve *folder* as an index on loopback until the end of the block."""
    folder.mkdir(parents=True, exist_ok=True)
    with serve_index(folder, python=toolbox(session, "publish") / "python") as served:
        yield Index(served.url, served.root, is_ours=True)


def releases(session: nox.Session, url: str, name: str) -> list[Published]:
    """Return all versions of a distribution in an index, newest first, including yanked ones.

    If the index does not answer, the session fails; that does not mean "no releases".

    Args:
        session: The session.
        url: The simple API of the index.
        name: The name of the distribution.
    """
    found: dict[Version, list[PublishedFile]] = {}
    for described in json.loads(ask(session, url, name)):
        try:
            version = Version(described.pop("version") or "")
        except InvalidVersion:
            continue
        found.setdefault(version, []).append(PublishedFile(**described))
    newest_first = sorted(found.items(), reverse=True)
    return [Published(version, tuple(files)) for version, files in newest_first]


def fetch(session: nox.Session, url: str, name: str, file: PublishedFile, folder: Path) -> Path:
    """Download a file from an index into *folder*, and check its hash."""
    ask(session, url, name, f"--fetch={file.name}", f"--into={folder}")
    return folder / file.name


def ask(session: nox.Session, url: str, *words: str) -> str:
    """Run the index program, and return its output; if it fails, the session fails."""
    command = ["python", "-I", "-W", "ignore", str(PROGRAMS / "index.py"), *words]
    return run_tool(session, "publish", *command, env=PLAIN | {"INDEX_URL": url})


def sha256(file: Path) -> str:
    """Return the hash of a file as indexes show it."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
