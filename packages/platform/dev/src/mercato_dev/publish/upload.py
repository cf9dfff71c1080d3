"""Files on their way to an index: what it lacks is sent, and all of it read back."""

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

# The credentials of an index that asks for none; those for another are nothing to it.
ANYONE = {
    "UV_PUBLISH_TOKEN": None,
    "UV_PUBLISH_USERNAME": "anyone",
    "UV_PUBLISH_PASSWORD": "anything",
}
# An index may take a while to show what it took.
LOOKS = 20
SECONDS_BETWEEN_LOOKS = 3


def files_of(built: Built) -> Iterator[Path]:
    """Name the files in the order in which they are uploaded: first what most people install."""
    yield from (built.wheel, built.sdist)


def find_absent(session: nox.Session, index: Index, name: str, built: Built) -> list[Path]:
    """Find the files that an index lacks.

    What it has under the same name and is not the same fails the session: installers have seen it.
    """
    there = {file.name: file for one in releases(session, index.url, name) for file in one.files}
    for file in files_of(built):
        known = there.get(file.name)
        if known is None or known.sha256 == sha256(file):
            continue
        with tempfile.TemporaryDirectory() as made:
            theirs = fetch(session, index.url, name, known, Path(made))
            inside = ", ".join(differences(file, theirs))
        session.error(
            f"The index has another {file.name}, with other bytes: sha256 {known.sha256}, and not"
            f" {sha256(file)}. They differ in: {inside}. A version is published once: release the"
            " next one"
        )
    return [file for file in files_of(built) if file.name not in there]


def deliver(
    session: nox.Session, index: Index, name: str, built: Built, absent: list[Path]
) -> None:
    """Upload what is absent, and wait until the index shows what was built.

    By environment, because an address may hold a password. What arrives meanwhile from elsewhere
    is compared by uv itself.
    """
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
                "Not everything was uploaded; uv says why. Run it again: nothing is sent twice"
            )
    for _ in range(LOOKS):
        if not find_absent(session, index, name, built):
            return
        time.sleep(SECONDS_BETWEEN_LOOKS)
    session.error("The index does not show what was uploaded. Run it again to look again")
