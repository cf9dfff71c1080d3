"""Package indexes: what is released there, and the one of this workspace, served on loopback."""

import hashlib
import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import nox
from packaging.version import InvalidVersion, Version

from mercato_dev.distributions import PROGRAMS, ROOT
from mercato_dev.environments import PLAIN, run_tool, toolbox

LOCAL = ROOT / "var/index"
SERVER = Path(__file__).with_name("index_server.py")
CLIENT = PROGRAMS / "index.py"


@dataclass(frozen=True)
class Index:
    """An index, by its addresses.

    Args:
        url: Where installers ask (the simple API).
        upload: Where uploads go; nowhere, unless somebody named it.
        is_ours: Whether it is that of this workspace: on loopback, for anyone.
    """

    url: str
    upload: str | None = None
    is_ours: bool = False


@dataclass(frozen=True)
class PublishedFile:
    """A file in an index, as the index describes it."""

    name: str
    sha256: str | None
    requires_python: str | None
    yanked: bool

    @property
    def is_sdist(self) -> bool:
        """Whether it holds sources, tests included."""
        return self.name.endswith(".tar.gz")


@dataclass(frozen=True)
class Published:
    """One version of a distribution in an index."""

    version: Version
    files: tuple[PublishedFile, ...]

    @property
    def yanked(self) -> bool:
        """Whether it was taken back: nobody gets it who does not name it."""
        return all(file.yanked for file in self.files)


def chosen_index(session: nox.Session) -> AbstractContextManager[Index]:
    """Offer the index that ``MERCATO_INDEX`` names, else the one of this workspace."""
    named = os.environ.get("MERCATO_INDEX")
    return nullcontext(Index(named)) if named else serving(session)


@contextmanager
def serving(session: nox.Session, folder: Path = LOCAL) -> Iterator[Index]:
    """Serve *folder* as an index on loopback until the end of the block. Anyone may upload."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        str(toolbox(session, "publish") / "python"),
        "-W",
        "ignore",
        str(SERVER),
        str(folder),
    ]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        # The end of the block closes its standard input, and that ends it.
        root = process.stdout.readline().strip() if process.stdout else ""
        if not root:
            session.error(f"The index did not start. This says why: {shlex.join(command)}")
        yield Index(f"{root}simple/", root, is_ours=True)


def releases(session: nox.Session, url: str, name: str) -> list[Published]:
    """Find every version of a distribution in an index, the newest first.

    A version that was taken back (yanked) is among them, and says so. An index that does not
    answer, or is none, fails the session: it is not "no releases".

    Args:
        session: Who asks.
        url: The index, as installers call it (the simple API).
        name: What the index calls the distribution.
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
    """Take a file from an index into *folder*, and check its hash."""
    ask(session, url, name, f"--fetch={file.name}", f"--into={folder}")
    return folder / file.name


def ask(session: nox.Session, url: str, *words: str) -> str:
    """Ask an index, with pypi-simple; fail the session if that cannot be done."""
    command = ["python", "-I", "-W", "ignore", str(CLIENT), *words]
    return run_tool(session, "publish", *command, env=PLAIN | {"INDEX_URL": url})


def sha256(file: Path) -> str:
    """Hash a file as indexes do."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
