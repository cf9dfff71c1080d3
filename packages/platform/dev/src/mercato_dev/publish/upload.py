"""Upload what an index does not have, and compare the index with it."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import nox
from nox.command import CommandFailed

from mercato_dev.artifacts.builds import Built
from mercato_dev.artifacts.comparison import differences
from mercato_dev.environments import PLAIN
from mercato_dev.indexes import Index, fetch, releases, sha256

# Our index accepts any credentials, and real ones must not be sent to it. It needs no network.
ANYONE = {
    "UV_OFFLINE": None,
    "UV_PUBLISH_TOKEN": None,
    "UV_PUBLISH_USERNAME": "anyone",
    "UV_PUBLISH_PASSWORD": "anything",
}
# An index may show an upload with a delay.
LOOKS = 20
SECONDS_BETWEEN_LOOKS = 3


def files_of(built: Built) -> Iterator[Path]:
    """Return the files in the order of their upload: most users need the wheel."""
    yield from (built.wheel, built.sdist)


def find_absent(session: nox.Session, index: Index, name: str, built: Built) -> list[Path]:
    """Return the files that an index does not have.

    If it has another file of the same name, the session fails: users may have installed it.
    """
    known = {file.name: file for one in releases(session, index.url, name) for file in one.files}
    for file in files_of(built):
        theirs = known.get(file.name)
        if theirs is None or theirs.sha256 == sha256(file):
            continue
        with tempfile.TemporaryDirectory() as folder:
            fetched = fetch(session, index.url, name, theirs, Path(folder))
            inside = ", ".join(differences(file, fetched))
        session.error(
            f"The index has another {file.name}: its sha256 is {theirs.sha256} instead of"
            f" {sha256(file)}. They differ in: {inside}. A version is published once: release the"
            " next one"
        )
    return [file for file in files_of(built) if file.name not in known]


def deliver(
    session: nox.Session, index: Index, name: str, built: Built, absent: list[Path]
) -> None:
    """Upload the *absent* files, and wait until the index shows what was built."""
    # A URL may contain a password, which must not be on a command line. With the check URL, uv
    # compares files that others upload in the meantime.
    env = PLAIN | {
        "UV_PUBLISH_INDEX": None,
        "UV_PUBLISH_URL": index.upload,
        "UV_PUBLISH_CHECK_URL": index.url,
    }
    if index.is_ours:
        env |= ANYONE
    if absent:
        try:
            session.run("uv", "publish", *map(str, absent), env=env)
        except CommandFailed:
            session.error(
                "Not everything was uploaded; see the output of uv. Run it again: nothing is"
                " uploaded twice"
            )
    for _ in range(LOOKS):
        if not find_absent(session, index, name, built):
            return
        time.sleep(SECONDS_BETWEEN_LOOKS)
    session.error("The index does not show the upload. Run it again to look again")
