"""Download locked wheels, and compare them with the hashes in the lock."""

import base64
import hashlib
import http.client
import os
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from mercato_composition.deployment.lock import Locked
from mercato_composition.deployment.tables import is_safe_url
from mercato_composition.faults import DeploymentError, Fault, Outside, Place
from mercato_kit.progress import Advance, Progress

_AT_ONCE = 4
_TIMEOUT_SECONDS = 60
_MOST_BYTES = 100 << 20
"""The largest wheel whose size is not in the lock: the limit of PyPI."""
_CHUNK_BYTES = 1 << 20


class _NotFetchedError(Exception):
    """A wheel could not be downloaded; the message says why."""


def fetch(
    wheels: Sequence[Locked],
    store: Path,
    *,
    index: str | None,
    progress: Progress,
) -> list[Path]:
    """Download the wheels that are not in the store yet.

    Args:
        wheels: The wheels in the lock.
        store: The folder of downloaded wheels, one subfolder for each hash.
        index: The URL of the index; the user and password in it are sent only to its host.
        progress: Shows a line for each downloaded wheel, and bytes.

    Returns:
        The files, in the order of *wheels*.

    Raises:
        DeploymentError: With a fault for each wheel that cannot be downloaded or has other bytes.
    """
    faults: list[Fault] = []
    missing = [wheel for wheel in wheels if not _is_stored(wheel, store)]
    total = sum(wheel.size or 0 for wheel in missing)
    with (
        progress.amounts("fetching", total, "bytes") as advance,
        ThreadPoolExecutor(_AT_ONCE) as pool,
    ):
        downloads = [pool.submit(_fetch, wheel, store, index, advance) for wheel in missing]
        for number, (wheel, download) in enumerate(zip(missing, downloads, strict=True), start=1):
            try:
                download.result()
                progress.line(f"fetched {number} of {len(missing)}: {wheel.filename}")
            except _NotFetchedError as error:
                faults.append(_fault(wheel, str(error)))
    if faults:
        raise DeploymentError(faults)
    return [file_of(wheel, store) for wheel in wheels]


def file_of(wheel: Locked, store: Path) -> Path:
    """Return the path of a downloaded wheel in the store."""
    return store / wheel.sha256 / Path(wheel.filename).name


def _is_stored(wheel: Locked, store: Path) -> bool:
    file = file_of(wheel, store)
    if not file.is_file():
        return False
    # Hash it again: the file may have been changed on this machine.
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest() == wheel.sha256


def _fetch(wheel: Locked, store: Path, index: str | None, advance: Advance) -> None:
    if not is_safe_url(wheel.url):
        raise _NotFetchedError("its URL is not https (or http on this machine).")
    target = file_of(wheel, store)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            limit = _MOST_BYTES if wheel.size is None else wheel.size
            found = _download(_request(wheel.url, index), file.write, limit, advance)
        if found != wheel.sha256:
            raise _NotFetchedError(
                f"its hash differs from the lock.\nlocked {wheel.sha256}\nfound  {found}"
            )
        part.replace(target)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


def _download(
    request: urllib.request.Request,
    write: Callable[[bytes], object],
    limit: int,
    advance: Advance,
) -> str:
    """Write the response body of at most *limit* bytes, and return its SHA-256."""
    digest = hashlib.sha256()
    size = 0
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310
            while chunk := response.read(_CHUNK_BYTES):
                size += len(chunk)
                if size > limit:
                    raise _NotFetchedError(f"it has more than {limit} bytes.")
                digest.update(chunk)
                write(chunk)
                advance(len(chunk))
    except urllib.error.HTTPError as error:
        error.close()
        raise _NotFetchedError(f"the index answered {error.code} {error.reason}.") from error
    except (OSError, http.client.HTTPException) as error:
        raise _NotFetchedError(f"the index does not answer: {type(error).__name__}.") from error
    return digest.hexdigest()


def _request(url: str, index: str | None) -> urllib.request.Request:
    """Return a request that has the index's password if *url* is on the index's host."""
    target = urllib.parse.urlsplit(url)
    source = urllib.parse.urlsplit(index or "")
    host = target.netloc.rpartition("@")[2]
    request = urllib.request.Request(target._replace(netloc=host).geturl())  # noqa: S310
    if source.username and source.netloc.rpartition("@")[2] == host:
        user, password = map(urllib.parse.unquote, (source.username, source.password or ""))
        secret = base64.b64encode(f"{user}:{password}".encode()).decode()
        # urllib sends an unredirected header to the first host only, never after a redirect.
        request.add_unredirected_header("Authorization", f"Basic {secret}")
    return request


def _fault(wheel: Locked, why: str) -> Fault:
    what = f"{wheel.filename} was not fetched: {why}"
    fix = "ask the operator of the index; if the new wheel is correct, lock it: `mercato lock`"
    return Fault("K119", Place(name=wheel.release), what, (Outside(fix),))
